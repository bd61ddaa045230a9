// core/mail/base64.cc: base64 (RFC 4648 §4), written one way and read two: strictly and leniently.
#include "core/mail/encodings.h"

#include <array>
#include <cstdint>

namespace postern::mail {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> reverse_of_alphabet() {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return table;
}
constexpr auto value_of = reverse_of_alphabet();

std::uint32_t octet(char c) { return static_cast<unsigned char>(c); }

/// Puts octets together from digits of six bits.
class Decoder {
 public:
  /// False, and nothing has happened: `c` is no digit.
  bool take(char c, std::string& out) {
    const int value = value_of[octet(c)];
    if (value < 0) return false;
    bits_ = (bits_ << 6 | static_cast<std::uint32_t>(value)) & 0xffff;
    count_ += 6;
    if (count_ >= 8) {
      count_ -= 8;
      out += static_cast<char>(bits_ >> count_ & 0xff);
    }
    return true;
  }
  /// Whether the bits that make no octet are zero, as an encoder leaves them (RFC 4648 §3.5).
  bool is_canonical() const { return (bits_ & ((1U << count_) - 1)) == 0; }
  void drop_the_rest() { count_ = 0; }

 private:
  std::uint32_t bits_ = 0;  // the last `count_` belong to no octet yet
  int count_ = 0;
};

}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t three =
        octet(bytes[i]) << 16 | octet(bytes[i + 1]) << 8 | octet(bytes[i + 2]);
    for (const int shift : {18, 12, 6, 0}) out += alphabet[three >> shift & 63];
  }
  if (const std::size_t left = bytes.size() - i; left != 0) {
    const std::uint32_t three = octet(bytes[i]) << 16 | (left == 2 ? octet(bytes[i + 1]) << 8 : 0);
    out += alphabet[three >> 18 & 63];
    out += alphabet[three >> 12 & 63];
    out += left == 2 ? alphabet[three >> 6 & 63] : '=';
    out += '=';
  }
  return out;
}

std::string base64_lines(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() / 57 * 78 + 80);
  for (std::size_t at = 0; at < bytes.size(); at += 57)
    out += base64_encode(bytes.substr(at, 57)) + "\r\n";
  return out;
}

std::expected<std::string, SyntaxError> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0)
    return syntax_error("base64 of a length that is no multiple of 4", text.size());
  std::size_t digits = text.size();
  while (digits > 0 && text.size() - digits < 2 && text[digits - 1] == '=') --digits;
  std::string out;
  out.reserve(digits * 3 / 4);
  Decoder decoder;
  for (std::size_t i = 0; i < digits; ++i) {
    if (!decoder.take(text[i], out)) return syntax_error("a character that is not base64", i);
  }
  if (!decoder.is_canonical())
    return syntax_error("base64 with stray bits before its padding", digits);
  return out;
}

std::string base64_decode_body(std::string_view text) {
  std::string out;
  out.reserve(text.size() * 3 / 4);
  Decoder decoder;
  for (const char c : text) {
    // "=" ends one encoding; another may follow where two were joined.
    if (!decoder.take(c, out) && c == '=') decoder.drop_the_rest();
  }
  return out;
}

}  // namespace postern::mail
