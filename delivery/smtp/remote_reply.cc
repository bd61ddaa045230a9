// delivery/smtp/remote_reply.cc: puts the lines of a reply together (RFC 5321 §4.2.1).
#include "delivery/smtp/remote_reply.h"

#include <algorithm>
#include <utility>

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

}  // namespace postern::delivery
