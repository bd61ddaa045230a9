// tests/fuzz/config_fuzz.cc: any bytes as postern.toml give a configuration or mistakes with lines.
#include "core/assert.h"
#include "core/config/values.h"
#include "relay/config/config.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace postern;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = relay::parse_config(text, "/nonexistent/postern.toml");
  if (!config) {
    POSTERN_ASSERT(!config.error().empty());
    for (const auto& error : config.error()) {
      POSTERN_ASSERT(error.message().find('\n') == std::string::npos);
    }
  }
  (void)queue::parse_via(text);
  (void)config::parse_duration(text);
  (void)config::parse_size(text);
  (void)config::parse_rate(text);
  (void)config::parse_pattern(text);
  (void)config::parse_host_port(text);
  return 0;
}
