// relay/smtp/reply.h: what the server says: a Reply is a constant, an Answer is one as given this
// time.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::smtp {

struct Answer;

/// A line of the table of replies (replies.h). `text` is a format string; `status` is RFC 3463's,
/// or empty.
struct Reply {
  int code;
  std::string_view status;
  std::string_view text;

  /// The reply with its blanks filled in. What does not belong in a reply line is replaced by `?`.
  template <class... Values>
  Answer with(const Values&... values) const;
};

/// A reply as given to one command; owns its text.
struct Answer {
  Answer(const Reply& reply);  // NOLINT: a reply without blanks is an answer
  Answer(int code, std::string status, std::string text);

  bool is_positive() const { return code < 400; }
  bool is_error() const { return code >= 400; }
  /// "250-2.0.0 first\r\n250 2.0.0 last\r\n"
  std::string wire() const;
  /// The same on one line, for logs and for problem documents.
  std::string text() const;

  int code;
  std::string status;
  std::vector<std::string> lines;
};

/// `text` with every octet that is not printable ASCII replaced by `?`, cut to 450 octets (RFC 5321
/// §4.5.3.1.5).
std::string reply_text(std::string_view text);

template <class... Values>
Answer Reply::with(const Values&... values) const {
  return Answer(code, std::string(status), reply_text(fmt::format(fmt::runtime(text), values...)));
}

}  // namespace postern::smtp
