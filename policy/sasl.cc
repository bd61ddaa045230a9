// policy/sasl.cc: strict base64 and the rules of RFC 4616.
#include "policy/sasl.h"

#include <array>
#include <cstdint>

namespace postern::policy {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> make_values() {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}

constexpr std::array<std::int8_t, 256> sextets = make_values();

std::unexpected<SyntaxError> wrong(std::string text) {
  return std::unexpected(SyntaxError{std::move(text)});
}

}  // namespace

std::expected<std::string, SyntaxError> decode_sasl(std::string_view base64) {
  if (base64 == "=") return std::string();
  if (base64.size() > sasl_response_limit) return wrong("response too long");
  if (base64.size() % 4 != 0) return wrong("invalid base64");
  const std::size_t padding = base64.ends_with("==") ? 2 : base64.ends_with('=') ? 1 : 0;
  const std::string_view digits = base64.substr(0, base64.size() - padding);
  std::string bytes;
  bytes.reserve(base64.size() / 4 * 3);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : digits) {
    const int sextet = sextets[static_cast<unsigned char>(c)];
    if (sextet < 0) return wrong("invalid base64");
    bits = (bits << 6 | static_cast<std::uint32_t>(sextet)) & 0xFFFFFF;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>(bits >> count & 0xFF));
  }
  // The bits that the padding leaves over must be zero: RFC 4648 §3.5. Two texts for one secret are
  // one too many.
  if ((bits & ((1U << count) - 1)) != 0) return wrong("invalid base64");
  return bytes;
}

std::expected<Credentials, SyntaxError> parse_sasl_plain(std::string_view base64) {
  const std::expected<std::string, SyntaxError> message = decode_sasl(base64);
  if (!message) return std::unexpected(message.error());
  const std::size_t first = message->find('\0');
  if (first == std::string::npos) return wrong("invalid PLAIN response");
  const std::size_t second = message->find('\0', first + 1);
  if (second == std::string::npos || message->find('\0', second + 1) != std::string::npos) {
    return wrong("invalid PLAIN response");
  }
  const std::string authzid = message->substr(0, first);
  Credentials credentials{message->substr(first + 1, second - first - 1),
                          message->substr(second + 1)};
  if (credentials.user.empty() || credentials.password.empty()) {
    return wrong("empty name or password");
  }
  if (!authzid.empty() && authzid != credentials.user) return wrong("acting for another");
  return credentials;
}

std::expected<std::string, SyntaxError> parse_sasl_login(std::string_view base64) {
  std::expected<std::string, SyntaxError> text = decode_sasl(base64);
  if (!text) return text;
  if (text->empty()) return wrong("empty name or password");
  if (text->find('\0') != std::string::npos) return wrong("NUL in a name or password");
  return text;
}

}  // namespace postern::policy
