// core/mail/message_options.cc: the words of RET and ENVID (RFC 3461 §4.3, §4.4).
#include "core/mail/message_options.h"

#include "core/mail/encodings.h"

namespace postern::mail {
namespace {

constexpr std::size_t envid_limit = 100;  // RFC 3461 §4.4

}  // namespace

std::expected<Ret, SyntaxError> parse_ret(std::string_view text) {
  if (equal_ignoring_case(text, "FULL")) return Ret::full;
  if (equal_ignoring_case(text, "HDRS")) return Ret::headers;
  return syntax_error("RET takes FULL or HDRS");
}

std::string_view ret_text(Ret ret) {
  return ret == Ret::full ? "FULL" : ret == Ret::headers ? "HDRS" : "";
}

std::expected<std::string, SyntaxError> parse_envid(std::string_view text) {
  if (text.empty() || text.size() > envid_limit) return syntax_error("ENVID takes 1 to 100 octets");
  const auto decoded = xtext_decode(text);
  if (!decoded) return syntax_error("ENVID: " + decoded.error().text, decoded.error().offset);
  if (has_control(*decoded) || !is_ascii(*decoded))
    return syntax_error("ENVID with an unprintable character");
  return *decoded;
}

}  // namespace postern::mail
