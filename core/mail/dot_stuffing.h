// core/mail/dot_stuffing.h: DATA's transparency (RFC 5321 §4.5.2) and clean line ends, over any
// packet borders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::mail {

/// Takes a message off the wire. Only CRLF.CRLF (or a first `.CRLF`) ends it.
class DotDecoder {
 public:
  /// Appends what `input` decodes to, and returns how many bytes of it were used: all, unless the
  /// end was found.
  std::size_t decode(std::string_view input, std::string& out);

  bool done() const { return state_ == State::done; }
  bool saw_bare_line_end() const { return saw_bare_; }  ///< a CR or LF alone, which it keeps

 private:
  enum class State { line_start, text, cr, dot, dot_cr, done };
  void step(char c, std::string& out);
  std::size_t run(std::string_view input, std::size_t at, std::string& out);
  void bare(char c, std::string& out);

  State state_ = State::line_start;
  bool saw_bare_ = false;
};

/// Puts a message on the wire: stuffs dots, turns any bare CR or LF into CRLF (a mailbox
/// may hold some), ends with CRLF.CRLF.
class DotEncoder {
 public:
  void encode(std::string_view input, std::string& out);
  void finish(std::string& out);  // the missing line end, if any, and the final dot

 private:
  bool at_line_start_ = true;
  bool after_cr_ = false;
};

/// Says whether a message may go on the wire as it is: every line ends with CRLF and has at most
/// 998 octets before it (RFC 5322 §2.1.1). Over packet borders.
class LineCheck {
 public:
  /// False from the first octet on that must not go out.
  bool update(std::string_view input);
  /// False when the text ends in the middle of a line end.
  bool finish() const { return is_fit_ && !after_cr_; }

 private:
  bool is_fit_ = true, after_cr_ = false;
  std::size_t line_ = 0;
};

/// Bare CR and bare LF become CRLF; over packet borders. Call finish at the end.
class LineEndNormaliser {
 public:
  void update(std::string_view input, std::string& out);
  void finish(std::string& out);
  bool changed() const { return changed_; }

 private:
  bool after_cr_ = false;
  bool changed_ = false;
};
std::string with_crlf(std::string_view text);
/// Whether every CR is followed by LF and every LF preceded by CR.
bool has_clean_line_ends(std::string_view text);
inline constexpr std::size_t line_limit = 998;  ///< octets without CRLF: RFC 5322 §2.1.1
bool has_long_line(std::string_view text);

}  // namespace postern::mail
