#include "delivery/smtp/remote_reply.h"

#include <algorithm>
#include <utility>

#include "core/mail/encodings.h"
#include "delivery/model/sanitise.h"

namespace postern::delivery {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string RemoteReply::words() const { return sanitise(std::to_string(code) + " " + text); }

ReplyParser::Progress ReplyParser::feed(std::string_view line) {
  if (line.size() < 4 || line.size() > line_limit || line[0] < '2' || line[0] > '5' ||
      !is_digit(line[1]) || !is_digit(line[2]) || (line[3] != ' ' && line[3] != '-'))
    return Progress::broken;
  const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  if (lines_ > 0 && code != reply_.code) return Progress::broken;
  const std::string_view rest = line.substr(4);
  if (++lines_ > lines_limit || reply_.text.size() + rest.size() > octets_limit)
    return Progress::broken;

  reply_.code = code;
  if (lines_ > 1) reply_.text += '\n';
  // A server that repeats its status code on every line (RFC 2034 §4) is quoted with one only.
  const auto repeated = lines_ > 1 ? mail::StatusCode::at_start(rest) : std::nullopt;
  if (repeated && repeated == mail::StatusCode::at_start(reply_.text)) {
    reply_.text += rest.substr(std::min(rest.find(' '), rest.size() - 1) + 1);
  } else {
    reply_.text += rest;
  }
  return line[3] == ' ' ? Progress::complete : Progress::more;
}

RemoteReply ReplyParser::take() {
  lines_ = 0;
  return std::exchange(reply_, {});
}

Extensions parse_extensions(std::string_view reply_text) {
  Extensions found;
  bool is_greeting = true;  // the first line names the server, whatever word it begins with
  while (!reply_text.empty()) {
    const std::string line = mail::lower_case(reply_text.substr(0, reply_text.find('\n')));
    reply_text.remove_prefix(std::min(reply_text.size(), line.size() + 1));
    if (std::exchange(is_greeting, false)) continue;
    const std::string_view keyword = std::string_view(line).substr(0, line.find_first_of(" ="));
    if (keyword == "pipelining") found.pipelining = true;
    if (keyword == "8bitmime") found.eight_bit_mime = true;
    if (keyword == "smtputf8") found.smtputf8 = true;
    if (keyword == "dsn") found.dsn = true;
    if (keyword == "starttls") found.starttls = true;
    if (keyword == "size") found.size = true;
    if (keyword != "auth") continue;
    const std::string mechanisms = line.substr(std::min(keyword.size() + 1, line.size())) + " ";
    if ((" " + mechanisms).contains(" plain ")) found.auth_plain = true;
    if ((" " + mechanisms).contains(" login ")) found.auth_login = true;
  }
  return found;
}

}  // namespace postern::delivery
