// mailbox/imap/grammar/cursor.h: reads the elements of IMAP commands (RFC 3501 §9) from left to
// right.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "mailbox/imap/grammar/sequence_set.h"

namespace postern::imap {

/// Works on a whole command with its literals in place: `{n}` CRLF and n octets.
/// The first mistake is kept and ends the text, so callers read on and look once, with `finish`.
class Cursor {
 public:
  Cursor() = default;
  explicit Cursor(std::string_view text) : text_(text) {}

  bool at_end() const { return position_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[position_]; }
  std::string_view rest() const { return text_.substr(position_); }
  std::size_t position() const { return position_; }

  /// Takes `c` if it comes next.
  bool skip(char c);
  /// Takes `word` (in any case) if it comes next and no atom character follows.
  bool skip_word(std::string_view word);
  void expect(char c);
  void space() { expect(' '); }

  // RFC 3501 §9
  std::string atom();          // 1*ATOM-CHAR
  std::string upper_atom();    // the same in capitals
  std::string string();        // quoted or literal
  std::string astring();       // 1*ASTRING-CHAR or string
  std::string list_mailbox();  // as astring, with wildcards
  std::string nstring_or_nil(bool& is_nil);
  std::string mailbox();  // §5.1.3: a mailbox name as the store has it: UTF-8, INBOX in capitals
  std::uint32_t number();
  std::uint64_t number64();  // below 2^63 (RFC 7162 §7)
  SequenceSet sequence_set();
  std::int64_t date();       // 1-Feb-1994, quoted or not: seconds of its midnight
  std::int64_t date_time();  // "17-Jul-1996 02:44:25 -0700": seconds

  void fail(std::string_view why);
  bool failed() const { return error_.has_value(); }
  const SyntaxError& error() const { return *error_; }
  /// Gives the first mistake, or that there is more text than there should be.
  std::expected<void, SyntaxError> finish();

 private:
  std::string_view take_while(bool (*belongs)(unsigned char));
  std::string quoted_string();
  std::string literal();
  std::optional<std::int64_t> day_month_year(std::string_view text);

  std::string_view text_;
  std::size_t position_ = 0;
  std::optional<SyntaxError> error_;
};

/// A mailbox name as clients write it (modified UTF-7, or UTF-8) in the store's form. None when it
/// is neither.
std::optional<std::string> decode_mailbox(std::string_view wire);

std::string to_upper(std::string_view text);

}  // namespace postern::imap
