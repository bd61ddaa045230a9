// core/unprintable.cc: finds them by their octets in UTF-8, and puts something else in their place.
#include "core/unprintable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace postern {
namespace {

struct Character {
  std::uint32_t point = 0;
  std::size_t octets = 0;  // 0: what stands there is printable
};

bool turns_direction(std::uint32_t point) {
  return point == 0x061c || point == 0x200e || point == 0x200f ||
         (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

/// The unprintable one at the start of `text`, which is not empty.
Character unprintable(std::string_view text) {
  const auto octet = [&](std::size_t i) -> std::uint32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const std::uint32_t first = octet(0);
  if (first < 0x20 || first == 0x7f) return {first, 1};
  if (first == 0xc2 && octet(1) >= 0x80 && octet(1) < 0xa0) return {octet(1), 2};
  if (first == 0xd8 && octet(1) == 0x9c) return {0x061c, 2};
  if (first != 0xe2) return {};
  const std::uint32_t point = 0x2000 | (octet(1) & 0x3f) << 6 | (octet(2) & 0x3f);
  return turns_direction(point) ? Character{point, 3} : Character{};
}

template <class Replacement>
std::string replace(std::string_view text, Replacement replacement) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Character found = unprintable(text.substr(at));
    if (found.octets == 0) {
      out += text[at++];
    } else {
      out += replacement(found.point);
      at += std::min(found.octets, text.size() - at);
    }
  }
  return out;
}

}  // namespace

std::string mask_unprintable(std::string_view utf8) {
  return replace(utf8, [](std::uint32_t) { return '?'; });
}

std::string escape_unprintable(std::string_view utf8) {
  return replace(utf8, [](std::uint32_t point) { return fmt::format("\\u{:04x}", point); });
}

}  // namespace postern
