// mailbox/imap/commands/resync.cc: compares what a client knows with what the store remembers (RFC
// 7162 §3.2.5, §3.2.6).
#include "mailbox/imap/commands/resync.h"

#include <fmt/format.h>

namespace postern::imap {

Resync Resync::read(Cursor& cursor) {
  Resync resync;
  cursor.space();
  cursor.expect('(');
  resync.uid_validity = cursor.number();
  cursor.space();
  resync.modseq = cursor.number64();
  if (cursor.skip(' ')) {
    if (cursor.peek() != '(') {
      resync.known_uids = cursor.sequence_set();
      if (cursor.peek() == ' ') cursor.space();
    }
    if (cursor.skip('(')) {  // known numbers and their uids only shorten VANISHED: read, not used
      cursor.sequence_set();
      cursor.space();
      cursor.sequence_set();
      cursor.expect(')');
    }
  }
  cursor.expect(')');
  return resync;
}

Task<std::string> vanished_earlier(AccountSession& session, std::vector<Interval> wanted,
                                   mailbox::ModSeq since) {
  const auto vanished = co_await session.mailbox->read(&mailbox::MailboxStore::vanished,
                                                       session.selection->folder->id, since);
  std::vector<Interval> ranges;
  for (const auto& [first, last] : vanished)
    ranges.push_back({static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last)});
  const std::vector<Interval> gone = intersection(wanted, ranges);
  if (gone.empty()) co_return "";
  co_return fmt::format("* VANISHED (EARLIER) {}\r\n", write_set(gone));
}

Task<std::string> resynchronise(AccountSession& session, Resync resync) {
  const auto folder = session.selection->folder;
  if (resync.uid_validity != folder->uid_validity) co_return "";  // RFC 7162 §3.2.5.1
  const auto wanted = resync.known_uids ? resync.known_uids->resolve(UINT32_MAX)
                                        : std::vector<Interval>{{1, UINT32_MAX}};
  std::string text = co_await vanished_earlier(session, wanted, resync.modseq);
  text += session.write_new_keywords();
  for (const mailbox::MessageEntry& entry : folder->entries) {
    if (entry.modseq <= resync.modseq || !contains(wanted, static_cast<std::uint32_t>(entry.uid)))
      continue;
    const auto number = session.selection->view.number(entry.uid);
    if (!number) continue;
    text += fmt::format("* {} FETCH ({})\r\n", *number, session.flag_items(entry));
    session.selection->view.tell(*number, entry.modseq);
  }
  co_return text;
}

}  // namespace postern::imap
