// tests/fuzz/redis_reply_fuzz.cc: bytes as a Redis might send them, cut in two; and a URL.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/error.h"
#include "core/redis/connection.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)postern::redis::Url::parse(text);
  const std::size_t cut = size == 0 ? 0 : data[0] % size;
  try {
    postern::redis::Decoder decoder;
    decoder.feed(text.substr(0, cut));
    while (decoder.next()) {
    }
    decoder.feed(text.substr(cut));
    while (decoder.next()) {
    }
  } catch (const postern::IoError&) {
  }
  return 0;
}
