// tests/fuzz/dot_stuffing_fuzz.cc: DATA's transparency: cut anywhere, the result is the same, and
// encode undoes decode.
#include "core/mail/dot_stuffing.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "core/assert.h"

using namespace postern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t step = size == 0 ? 1 : data[0] % 7 + 1;
  const auto decode = [](std::string_view wire, std::size_t packet, mail::DotDecoder& decoder) {
    std::string out;
    std::size_t at = 0;
    while (at < wire.size() && !decoder.done()) at += decoder.decode(wire.substr(at, packet), out);
    return std::pair(out, at);
  };
  mail::DotDecoder whole, pieces;
  const auto first = decode(input, input.size() + 1, whole), second = decode(input, step, pieces);
  POSTERN_ASSERT(first == second && whole.done() == pieces.done() &&
                 whole.saw_bare_line_end() == pieces.saw_bare_line_end());
  POSTERN_ASSERT(!whole.done() ||
                 mail::has_clean_line_ends(first.first) == !whole.saw_bare_line_end());
  mail::DotEncoder encoder;
  std::string wire;
  for (std::size_t at = 0; at < size; at += step) encoder.encode(input.substr(at, step), wire);
  encoder.finish(wire);
  POSTERN_ASSERT(mail::has_clean_line_ends(wire));
  mail::DotDecoder decoder;
  const auto [text, used] = decode(wire, step, decoder);
  POSTERN_ASSERT(decoder.done() && used == wire.size() && !decoder.saw_bare_line_end());
  std::string expected = mail::with_crlf(input);
  if (!expected.empty() && !expected.ends_with("\r\n")) expected += "\r\n";
  POSTERN_ASSERT(text == expected);
  return 0;
}
