// core/mail/status.cc: finds a status code in a reply, or what its class means (RFC 3463 §2).
#include "core/mail/status.h"

#include <fmt/format.h>

namespace postern::mail {
namespace {

/// One to three digits without a leading zero; moves `at` behind them.
std::optional<std::uint16_t> number(std::string_view text, std::size_t& at) {
  const std::size_t begin = at;
  unsigned value = 0;
  while (at < text.size() && at - begin < 3 && text[at] >= '0' && text[at] <= '9')
    value = value * 10 + static_cast<unsigned>(text[at++] - '0');
  if (at == begin || (text[begin] == '0' && at - begin > 1)) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

std::optional<StatusCode> read(std::string_view text, std::size_t& at) {
  if (text.size() < 5 || (text[0] != '2' && text[0] != '4' && text[0] != '5') || text[1] != '.')
    return std::nullopt;
  at = 2;
  const auto subject = number(text, at);
  if (!subject || at >= text.size() || text[at] != '.') return std::nullopt;
  ++at;
  const auto detail = number(text, at);
  if (!detail) return std::nullopt;
  return StatusCode{static_cast<std::uint16_t>(text[0] - '0'), *subject, *detail};
}

}  // namespace

std::optional<StatusCode> StatusCode::parse(std::string_view text) {
  std::size_t at = 0;
  const auto code = read(text, at);
  return code && at == text.size() ? code : std::nullopt;
}

std::optional<StatusCode> StatusCode::at_start(std::string_view text) {
  std::size_t at = 0;
  const auto code = read(text, at);
  return code && (at == text.size() || text[at] == ' ' || text[at] == '\t') ? code : std::nullopt;
}

StatusCode StatusCode::of_reply(int reply_code, std::string_view reply_text) {
  const auto klass = static_cast<std::uint16_t>(reply_code / 100);
  const auto code = at_start(reply_text);
  return code && code->klass == klass ? *code : StatusCode{klass, 0, 0};
}

std::string StatusCode::text() const { return fmt::format("{}.{}.{}", klass, subject, detail); }

}  // namespace postern::mail
