// mailbox/imap/select.cc: SELECT, EXAMINE, CLOSE, UNSELECT, EXPUNGE (RFC 3501 §6.3.1, §6.4.2; RFC
// 3691; RFC 4315; RFC 7162).
#include <fmt/format.h>

#include <algorithm>

#include "mailbox/imap/account_session.h"

namespace postern::imap {
namespace {

std::string describe(AccountSession& session) {
  const Selection& selection = *session.selection;
  const auto& entries = selection.folder->entries;
  std::string text = session.write_keywords();
  auto out = std::back_inserter(text);
  fmt::format_to(out, "* {} EXISTS\r\n* {} RECENT\r\n", selection.view.size(), selection.recent());
  const auto unseen = std::ranges::find_if(
      entries, [](const auto& entry) { return !(entry.system_flags & mailbox::flag::seen); });
  if (unseen != entries.end()) {
    fmt::format_to(out, "* OK [UNSEEN {}] The first unseen message\r\n",
                   unseen - entries.begin() + 1);
  }
  fmt::format_to(out, "* OK [UIDVALIDITY {}] UIDs are valid\r\n* OK [UIDNEXT {}] The next UID\r\n",
                 selection.folder->uid_validity, selection.folder->uid_next);
  fmt::format_to(out, "* OK [HIGHESTMODSEQ {}] The highest mod-sequence\r\n",
                 selection.folder->highest_modseq);
  return text;
}

/// The first \Recent uid for a session that may not claim them.
Task<mailbox::Uid> peek_recent(AccountSession& session, std::string name,
                               std::shared_ptr<mailbox::FolderIndex> folder) {
  const auto status = co_await session.mailbox->status(std::move(name));
  const std::uint64_t recent =
      status ? std::min<std::uint64_t>(status->recent, folder->entries.size()) : 0;
  if (recent == 0) co_return mailbox::Uid{folder->uid_next};
  co_return folder->entries[folder->entries.size() - recent].uid;
}

}  // namespace

Task<Answer> imap_select(AccountSession& session, Request request) {
  auto select = SelectRequest::parse(request.arguments);
  if (!select) co_return bad_syntax(select.error());
  if (select->resync && !session.speaks_qresync)
    co_return reply::bad_syntax.about("ENABLE QRESYNC first");
  const bool had_selection = session.selection.has_value();
  co_await session.unselect();  // also when the new one cannot be opened: RFC 3501 §6.3.1
  if (had_selection && session.speaks_qresync)
    co_await session.write("* OK [CLOSED] The earlier mailbox is closed\r\n");
  auto folder = co_await session.mailbox->open_folder(select->mailbox);
  if (!folder) co_return refusal(folder.error());

  const bool is_read_only = request.name == "EXAMINE";
  mailbox::Uid first_recent{};
  if (is_read_only) {
    first_recent = co_await peek_recent(session, select->mailbox, *folder);
  } else {
    first_recent = co_await session.mailbox->claim_recent((*folder)->id);
  }
  Selection& selection = session.selection.emplace();
  selection.folder = *folder;
  selection.view = SessionView((*folder)->entries);
  selection.told_up_to = (*folder)->highest_modseq;
  selection.is_read_only = is_read_only;
  selection.first_recent = first_recent;
  selection.has_changed = false;
  selection.watch = (*folder)->watch([&session] {
    if (session.selection) session.selection->has_changed = true;
    session.changed.set();
  });
  session.speaks_condstore |= select->condstore;
  co_await session.write(describe(session));
  if (select->resync) {
    const std::string text = co_await resynchronise(session, *select->resync);
    co_await session.write(text);
  }
  co_return is_read_only ? reply::read_only : reply::read_write;
}

Task<Answer> imap_close(AccountSession& session, Request) {
  const auto folder = session.selection->folder;
  if (!session.selection->is_read_only && !folder->gone)
    co_await session.mailbox->expunge_deleted(folder->id);
  co_await session.unselect();
  co_return reply::done;
}

Task<Answer> imap_unselect(AccountSession& session, Request) {
  co_await session.unselect();
  co_return reply::done;
}

Task<Answer> imap_expunge(AccountSession& session, Request request) {
  const auto folder = session.selection->folder;
  if (is_by_uid(request)) {
    const auto set = parse_uid_set(request.arguments);
    if (!set) co_return bad_syntax(set.error());
    if (session.selection->is_read_only) co_return reply::not_writable;
    const auto numbers = session.selection->view.resolve(*set, true);
    co_await session.mailbox->expunge(folder->id, uids_of(session, numbers));
  } else {
    if (session.selection->is_read_only) co_return reply::not_writable;
    co_await session.mailbox->expunge_deleted(folder->id);
  }
  if (!session.speaks_qresync) co_return reply::done;
  co_return reply::done.with(
      fmt::format("HIGHESTMODSEQ {}", folder->highest_modseq));  // RFC 7162 §3.2.7
}

}  // namespace postern::imap
