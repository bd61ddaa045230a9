// mailbox/imap/grammar/arguments.h: how the arguments of commands are read: whole, and list by
// list. Pure.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "mailbox/imap/grammar/cursor.h"

namespace postern::imap {

template <class T>
using Parsed = std::expected<T, SyntaxError>;

/// Runs `read` over the arguments behind their blank; gives its value if all went well and nothing
/// is left.
template <class F>
auto parse_all(std::string_view arguments, F read)
    -> Parsed<decltype(read(std::declval<Cursor&>()))> {
  Cursor cursor(arguments);
  cursor.space();
  auto value = read(cursor);
  if (auto finished = cursor.finish(); !finished) return std::unexpected(finished.error());
  return value;
}

/// Calls `read` for each element of "(a b c)"; an empty list is fine when `may_be_empty`.
template <class F>
void read_list(Cursor& cursor, bool may_be_empty, F read) {
  cursor.expect('(');
  if (may_be_empty && cursor.skip(')')) return;
  do {
    read();
  } while (cursor.skip(' '));
  cursor.expect(')');
}

/// No arguments: CAPABILITY, NOOP, CLOSE …
Parsed<void> parse_nothing(std::string_view arguments);
/// One mailbox and nothing more: DELETE, SUBSCRIBE …
Parsed<std::string> parse_mailbox(std::string_view arguments);
/// Two: RENAME.
Parsed<std::pair<std::string, std::string>> parse_two_mailboxes(std::string_view arguments);
/// One set: UID EXPUNGE.
Parsed<SequenceSet> parse_uid_set(std::string_view arguments);

}  // namespace postern::imap
