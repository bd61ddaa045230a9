// mailbox/imap/commands/select.cc: SELECT, EXAMINE, CLOSE (RFC 3501 §6.3.1, §6.3.2, §6.4.2),
// UNSELECT (RFC 3691).
#include "mailbox/imap/commands/select.h"

#include <fmt/format.h>

#include <algorithm>

#include "mailbox/imap/commands/rows.h"
#include "mailbox/imap/session/account_session.h"
#include "mailbox/imap/session/refusal.h"

namespace postern::imap {

Parsed<SelectRequest> SelectRequest::parse(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) {
    SelectRequest select;
    select.mailbox = cursor.mailbox();
    if (cursor.skip(' ')) {
      read_list(cursor, false, [&] {
        if (cursor.skip_word("CONDSTORE")) {
          select.condstore = true;
        } else if (cursor.skip_word("QRESYNC")) {
          select.resync = Resync::read(cursor);
        } else {
          cursor.fail("no such SELECT parameter");
        }
      });
    }
    return select;
  });
}

namespace {

/// What SELECT must tell (RFC 3501 §6.3.1; HIGHESTMODSEQ: RFC 7162 §3.1.2.1).
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

/// Where \Recent begins for this session. EXAMINE leaves the mark where it is (RFC 3501 §6.3.2).
Task<mailbox::Uid> first_recent(AccountSession& session, std::string name,
                                std::shared_ptr<mailbox::FolderIndex> folder, bool is_read_only) {
  if (is_read_only) return peek_recent(session, std::move(name), std::move(folder));
  return session.mailbox->write(&mailbox::MailboxStore::claim_recent, folder->id);
}

void enter(AccountSession& session, std::shared_ptr<mailbox::FolderIndex> folder,
           mailbox::Uid first_recent, bool is_read_only) {
  Selection& selection = session.selection.emplace();
  selection.view = SessionView(folder->entries);
  selection.told_up_to = folder->highest_modseq;
  selection.is_read_only = is_read_only;
  selection.first_recent = first_recent;
  selection.has_changed = false;
  selection.watch = session.mailbox->watch(folder->id, [&session](const mailbox::FolderChange&) {
    if (session.selection) session.selection->has_changed = true;
    session.changed.set();
  });
  selection.folder = std::move(folder);
}

Task<Answer> open(AccountSession& session, Request request, bool is_read_only) {
  auto select = SelectRequest::parse(request.arguments);
  if (!select) co_return bad_syntax(select.error());
  if (select->resync && !session.speaks_qresync)  // RFC 7162 §3.2.5
    co_return reply::bad_syntax.about("ENABLE QRESYNC first");
  const bool had_selection = session.selection.has_value();
  co_await session.unselect();  // also when the new one cannot be opened: RFC 3501 §6.3.1
  if (had_selection && session.speaks_qresync)  // RFC 7162 §3.2.11
    co_await session.write("* OK [CLOSED] The earlier mailbox is closed\r\n");
  auto folder = co_await session.mailbox->open_folder(select->mailbox);
  if (!folder) co_return refusal(folder.error());
  const mailbox::Uid recent =
      co_await first_recent(session, select->mailbox, *folder, is_read_only);
  enter(session, *folder, recent, is_read_only);
  session.speaks_condstore |= select->condstore;
  co_await session.write(describe(session));
  if (select->resync) {
    const std::string text = co_await resynchronise(session, *select->resync);
    co_await session.write(text);
  }
  co_return is_read_only ? reply::read_only : reply::read_write;
}

Task<Answer> imap_select(AccountSession& session, Request request) {
  return open(session, std::move(request), false);
}

Task<Answer> imap_examine(AccountSession& session, Request request) {
  return open(session, std::move(request), true);
}

Task<Answer> imap_close(AccountSession& session, Request) {
  const auto folder = session.selection->folder;
  if (!session.selection->is_read_only && !folder->gone)
    co_await session.mailbox->write(&mailbox::MailboxStore::expunge_deleted, folder->id);
  co_await session.unselect();
  co_return reply::done;
}

Task<Answer> imap_unselect(AccountSession& session, Request) {
  co_await session.unselect();
  co_return reply::done;
}

}  // namespace

namespace row {

// clang-format off
//                               name        UID form        where legal          numbers          arguments        obeyed by     capability
constinit const Command select{  "SELECT",   Variant::plain, States::after_login, Numbers::unused, Arguments::some, imap_select,   {.words = "CONDSTORE QRESYNC"}};
constinit const Command examine{ "EXAMINE",  Variant::plain, States::after_login, Numbers::unused, Arguments::some, imap_examine};
constinit const Command close{   "CLOSE",    Variant::plain, States::selected,    Numbers::unused, Arguments::none, imap_close};
constinit const Command unselect{"UNSELECT", Variant::plain, States::selected,    Numbers::unused, Arguments::none, imap_unselect, {.words = "UNSELECT"}};
// clang-format on

}  // namespace row

}  // namespace postern::imap
