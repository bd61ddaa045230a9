// mailbox/imap/resync.cc: what a client that comes back has missed (RFC 7162 §3.2).
#include <fmt/format.h>

#include "mailbox/imap/account_session.h"

namespace postern::imap {

Task<std::string> vanished_earlier(AccountSession& session, std::vector<Interval> wanted,
                                   mailbox::ModSeq since) {
  const auto vanished = co_await session.mailbox->vanished(session.selection->folder->id, since);
  std::vector<Interval> ranges;
  for (const auto& [first, last] : vanished)
    ranges.push_back({static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last)});
  const std::vector<Interval> gone = intersection(wanted, ranges);
  if (gone.empty()) co_return "";
  co_return fmt::format("* VANISHED (EARLIER) {}\r\n", write_set(gone));
}

Task<std::string> resynchronise(AccountSession& session, SelectRequest::Resync resync) {
  const auto folder = session.selection->folder;
  if (resync.uid_validity != folder->uid_validity) co_return "";
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
