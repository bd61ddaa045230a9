// mailbox/imap/grammar.h: what the parsers of commands share.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "mailbox/imap/requests.h"

namespace postern::imap {

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

/// "(MESSAGES UNSEEN)": of STATUS, and of LIST's RETURN.
std::vector<StatusItem> read_status_items(Cursor& cursor);

}  // namespace postern::imap
