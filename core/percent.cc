// core/percent.cc: percent-encoding, octet by octet (RFC 3986 §2.1).
#include "core/percent.h"

#include "core/hex.h"

namespace postern {

bool is_unreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("-._~").contains(c);
}

std::optional<char> percent_escape(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return std::nullopt;
  const int high = hex_value(text[1]), low = hex_value(text[2]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<char>(high << 4 | low);
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const auto escaped = percent_escape(text);
    if (!escaped && text.front() == '%') return std::nullopt;
    plain += escaped.value_or(text.front());
    text.remove_prefix(escaped ? 3 : 1);
  }
  return plain;
}

std::string percent_encode(std::string_view text, bool (*stays)(char)) {
  std::string encoded;
  for (const char c : text) {
    if (stays(c)) {
      encoded += c;
    } else {
      encoded += '%';
      append_hex(encoded, c);
    }
  }
  return encoded;
}

}  // namespace postern
