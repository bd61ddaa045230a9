// core/hex.h: hexadecimal digits, as every escape of mail and HTTP has them.
#pragma once

#include <string>

namespace postern {

/// 0 to 15 in either case; -1 when `c` is no hexadecimal digit.
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// The two digits of an octet, in capitals, as the RFCs want them where they are written.
inline void append_hex(std::string& out, char octet) {
  constexpr char digits[] = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(octet);
  out += digits[value >> 4];
  out += digits[value & 15];
}

}  // namespace postern
