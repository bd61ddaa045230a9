// tests/fuzz/http_head_fuzz.cc: heads of HTTP requests, as strangers write them.
#include "core/assert.h"
#include "relay/http/head_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view head(reinterpret_cast<const char*>(data), size);
  if (postern::http::check_head(head)) {
    POSTERN_ASSERT(head.ends_with("\r\n\r\n"));
    POSTERN_ASSERT(head.find('\0') == head.npos);
  }
  return 0;
}
