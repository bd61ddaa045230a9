// relay/smtp/reply.cc: how replies are laid out on the wire (RFC 5321 §4.2.1, RFC 2034).
#include "relay/smtp/reply.h"

namespace postern::smtp {

Answer::Answer(const Reply& reply)
    : code(reply.code), status(reply.status), lines{std::string(reply.text)} {}

Answer::Answer(int code_, std::string status_, std::string text)
    : code(code_), status(std::move(status_)), lines{std::move(text)} {}

std::string Answer::wire() const {
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool is_last = i + 1 == lines.size();
    out += fmt::format("{}{}{}{}{}\r\n", code, is_last ? ' ' : '-', status,
                       status.empty() ? "" : " ", lines[i]);
  }
  return out;
}

std::string Answer::text() const {
  std::string out = std::to_string(code);
  if (!status.empty()) out += " " + status;
  for (const std::string& line : lines) out += " " + line;
  return out;
}

std::string reply_text(std::string_view text) {
  constexpr std::size_t longest = 450;
  std::string out(text.substr(0, longest));
  for (char& c : out) {
    if (c < 0x20 || c > 0x7e) c = '?';  // char may be signed: bytes over 0x7f are below 0x20 then
  }
  return out;
}

}  // namespace postern::smtp
