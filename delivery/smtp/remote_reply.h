// delivery/smtp/remote_reply.h: what a remote server answers, read strictly and in bounds (RFC 5321
// §4.2).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/mail/status.h"

namespace postern::delivery {

/// A complete reply.
struct RemoteReply {
  int code = 0;      ///< 200 to 599
  std::string text;  ///< its lines without their codes, joined by '\n'; as the remote wrote them

  bool is_positive() const { return code / 100 == 2; }
  bool is_temporary() const { return code / 100 == 4; }
  bool is_permanent() const { return code / 100 == 5; }
  /// The RFC 3463 code in front of the text if its class fits, else x.0.0.
  mail::StatusCode status() const { return mail::StatusCode::of_reply(code, text); }
  /// Code and text on one line, sanitised, for logs and reports.
  std::string words() const;
};

/// Puts a reply together line by line. Pure. After `complete` it is ready for the next reply; after
/// `broken` the connection is of no use, for nobody can tell which command the next line answers.
class ReplyParser {
 public:
  enum class Progress { more, complete, broken };
  static constexpr std::size_t line_limit = 2048, lines_limit = 128, octets_limit = 16 * 1024;

  /// `line` without its CRLF; only ^[2-5][0-9][0-9][ -] is one, and all lines of a reply share the
  /// code.
  Progress feed(std::string_view line);
  /// The reply that is complete; moves it out.
  RemoteReply take();

 private:
  RemoteReply reply_;
  std::size_t lines_ = 0;
};

}  // namespace postern::delivery
