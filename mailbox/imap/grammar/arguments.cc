// mailbox/imap/grammar/arguments.cc: the arguments that several commands have.
#include "mailbox/imap/grammar/arguments.h"

namespace postern::imap {

Parsed<std::string> parse_mailbox(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) { return cursor.mailbox(); });
}

Parsed<std::pair<std::string, std::string>> parse_two_mailboxes(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) {
    std::string first = cursor.mailbox();
    cursor.space();
    return std::pair(std::move(first), cursor.mailbox());
  });
}

Parsed<void> parse_nothing(std::string_view arguments) { return Cursor(arguments).finish(); }

Parsed<SequenceSet> parse_uid_set(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) { return cursor.sequence_set(); });
}

}  // namespace postern::imap
