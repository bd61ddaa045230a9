// mailbox/imap/commands/expunge.cc: EXPUNGE (RFC 3501 §6.4.3) and UID EXPUNGE (RFC 4315 §2.1).
#include <fmt/format.h>

#include "mailbox/imap/commands/rows.h"
#include "mailbox/imap/grammar/arguments.h"
#include "mailbox/imap/session/account_session.h"
#include "mailbox/imap/session/refusal.h"

namespace postern::imap {
namespace {

Task<Answer> imap_expunge(AccountSession& session, Request request) {
  const auto folder = session.selection->folder;
  if (request.is_by_uid()) {
    const auto set = parse_uid_set(request.arguments);
    if (!set) co_return bad_syntax(set.error());
    if (session.selection->is_read_only) co_return reply::not_writable;
    const auto numbers = session.selection->view.resolve(*set, true);
    co_await session.mailbox->write(&mailbox::MailboxStore::expunge, folder->id,
                                    session.selection->uids_of(numbers), false);
  } else {
    if (session.selection->is_read_only) co_return reply::not_writable;
    co_await session.mailbox->write(&mailbox::MailboxStore::expunge_deleted, folder->id);
  }
  if (!session.speaks_qresync) co_return reply::done;
  co_return reply::done.with(
      fmt::format("HIGHESTMODSEQ {}", folder->highest_modseq));  // RFC 7162 §3.2.7
}

}  // namespace

namespace row {

// clang-format off
//                              name       UID form           where legal       numbers          arguments            obeyed by    capability
constinit const Command expunge{"EXPUNGE", Variant::with_uid, States::selected, Numbers::unused, Arguments::with_uid, imap_expunge, {.words = "UIDPLUS"}};
// clang-format on

}  // namespace row

}  // namespace postern::imap
