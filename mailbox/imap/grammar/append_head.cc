// mailbox/imap/grammar/append_head.cc: reads mailbox, flags and date of APPEND.
#include "mailbox/imap/grammar/append_head.h"

#include "mailbox/imap/grammar/request.h"

namespace postern::imap {

Parsed<std::optional<AppendHead>> parse_append(std::string_view bytes, std::string* mailbox) {
  const std::size_t literal = bytes.rfind('{');
  Cursor cursor(bytes.substr(0, literal));
  if (mailbox != nullptr) {
    cursor.space();
    if (cursor.at_end() && !cursor.failed()) return std::nullopt;
    *mailbox = cursor.mailbox();
  }
  AppendHead head;
  cursor.space();
  if (cursor.peek() == '(') {
    head.flags = read_flag_list(cursor);
    cursor.space();
  }
  if (cursor.peek() == '"') {
    head.internal_date = cursor.date_time();
    cursor.space();
  }
  if (auto finished = cursor.finish(); !finished) return std::unexpected(finished.error());
  return head;
}

bool announces_message(std::string_view text) {
  const auto request = parse_request(text);
  if (!request || request->name != "APPEND") return false;
  std::string mailbox;
  const auto head = parse_append(request->arguments, &mailbox);
  return head && head->has_value();
}

}  // namespace postern::imap
