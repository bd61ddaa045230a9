// mailbox/imap/commands/copy.cc: COPY, MOVE and their UID forms (RFC 3501 §6.4.7; RFC 4315 §3; RFC
// 6851).
#include "mailbox/imap/commands/copy.h"

#include <fmt/format.h>

#include "mailbox/imap/commands/rows.h"
#include "mailbox/imap/session/account_session.h"
#include "mailbox/imap/session/refusal.h"

namespace postern::imap {

Parsed<CopyRequest> CopyRequest::parse(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) {
    CopyRequest copy;
    copy.set = cursor.sequence_set();
    cursor.space();
    copy.mailbox = cursor.mailbox();
    return copy;
  });
}

namespace {

/// RFC 4315 §3: both sets in the order of the messages.
std::string copyuid(const mailbox::Copied& copied) {
  std::vector<std::uint32_t> source, target;
  for (const mailbox::Uid uid : copied.source) source.push_back(static_cast<std::uint32_t>(uid));
  for (const mailbox::Uid uid : copied.target) target.push_back(static_cast<std::uint32_t>(uid));
  return fmt::format("COPYUID {} {} {}", copied.uid_validity, write_set(source), write_set(target));
}

using Place = Task<std::expected<mailbox::Copied, mailbox::StoreError>> (mailbox::Mailbox::*)(
    mailbox::FolderId, std::vector<mailbox::Uid>, std::string);

/// What COPY and MOVE share. `end` says how it went when some messages were placed.
Task<Answer> place(AccountSession& session, Request request, Place how,
                   Task<Answer> (*end)(AccountSession&, mailbox::Copied)) {
  const auto copy = CopyRequest::parse(request.arguments);
  if (!copy) co_return bad_syntax(copy.error());
  const bool is_move = how == &mailbox::Mailbox::move;
  if (is_move && session.selection->is_read_only) co_return reply::not_writable;
  const auto numbers = session.selection->chosen(copy->set, request.is_by_uid());
  if (!numbers) co_return reply::no_such_number;
  if (numbers->empty()) co_return reply::nothing_matched;
  auto copied = co_await (*session.mailbox.*how)(
      session.selection->folder->id, session.selection->uids_of(*numbers), copy->mailbox);
  if (!copied) co_return refusal_of_target(copied.error());
  if (copied->source.empty()) co_return reply::expunge_issued;
  co_return co_await end(session, std::move(*copied));
}

Task<Answer> tell_copied(AccountSession&, mailbox::Copied copied) {
  co_return reply::copied.with(copyuid(copied));
}

// COPYUID before the EXPUNGEs, which follow when the changes are told (RFC 6851 §4.3).
Task<Answer> tell_moved(AccountSession& session, mailbox::Copied copied) {
  co_await session.write(fmt::format("* OK [{}] Moved\r\n", copyuid(copied)));
  if (!session.speaks_qresync) co_return reply::moved;
  co_return reply::moved.with(fmt::format("HIGHESTMODSEQ {}",  // RFC 6851 §4.4
                                          session.selection->folder->highest_modseq));
}

Task<Answer> imap_copy(AccountSession& session, Request request) {
  return place(session, std::move(request), &mailbox::Mailbox::copy, tell_copied);
}

Task<Answer> imap_move(AccountSession& session, Request request) {
  return place(session, std::move(request), &mailbox::Mailbox::move, tell_moved);
}

}  // namespace

namespace row {

// clang-format off
//                           name    UID form           where legal       numbers          arguments        obeyed by capability
constinit const Command copy{"COPY", Variant::with_uid, States::selected, Numbers::unused, Arguments::some, imap_copy};
constinit const Command move{"MOVE", Variant::with_uid, States::selected, Numbers::unused, Arguments::some, imap_move, {.words = "MOVE"}};
// clang-format on

}  // namespace row

}  // namespace postern::imap
