// relay/smtp/newline_filter.h: sees to it that what we store has CRLF at the end of each line, and nothing else.
#pragma once

#include <string>
#include <string_view>

namespace postern::smtp {

/// Turns each bare CR or LF into CRLF, over packet borders, and remembers that there was one: on port 25 the
/// message is then refused, on submission it is mended, once, here (RFC 5321 §2.3.8).
class NewlineFilter {
 public:
  /// Appends the mended form of `bytes` to `out`.
  void feed(std::string_view bytes, std::string& out);
  /// Ends the last line, if it has no end.
  void finish(std::string& out);
  bool saw_bare_newline() const { return saw_bare_newline_; }

 private:
  bool after_cr_ = false;       // a CR was held back: the next octet says what it was
  bool at_line_start_ = true;
  bool saw_bare_newline_ = false;
};

}  // namespace postern::smtp
