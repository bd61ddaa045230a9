// mailbox/imap/copy.cc: COPY, MOVE and their UID forms (RFC 3501 §6.4.7; RFC 4315 §3; RFC 6851).
#include <fmt/format.h>

#include "mailbox/imap/account_session.h"

namespace postern::imap {
namespace {

std::string copyuid(const mailbox::Copied& copied) {
  std::vector<std::uint32_t> source, target;
  for (const mailbox::Uid uid : copied.source) source.push_back(static_cast<std::uint32_t>(uid));
  for (const mailbox::Uid uid : copied.target) target.push_back(static_cast<std::uint32_t>(uid));
  return fmt::format("COPYUID {} {} {}", copied.uid_validity, write_set(source), write_set(target));
}

}  // namespace

Task<Answer> imap_copy(AccountSession& session, Request request) {
  const auto copy = CopyRequest::parse(request.arguments);
  if (!copy) co_return bad_syntax(copy.error());
  const bool is_move = request.name.ends_with("MOVE");
  if (is_move && session.selection->is_read_only) co_return reply::not_writable;
  const auto numbers = chosen(session, copy->set, request);
  if (!numbers) co_return reply::no_such_number;
  if (numbers->empty()) co_return reply::nothing_matched;

  const auto folder = session.selection->folder;
  auto uids = uids_of(session, *numbers);
  auto copied = is_move
                    ? co_await session.mailbox->move(folder->id, std::move(uids), copy->mailbox)
                    : co_await session.mailbox->copy(folder->id, std::move(uids), copy->mailbox);
  if (!copied && copied.error() == mailbox::StoreError::no_such_folder) co_return reply::try_create;
  if (!copied) co_return refusal(copied.error());
  if (copied->source.empty()) co_return reply::expunge_issued;
  if (!is_move) co_return reply::copied.with(copyuid(*copied));
  // Before the EXPUNGEs, which follow when the changes are told (RFC 6851 §4.3).
  co_await session.write(fmt::format("* OK [{}] Moved\r\n", copyuid(*copied)));
  if (!session.speaks_qresync) co_return reply::moved;
  co_return reply::moved.with(fmt::format("HIGHESTMODSEQ {}", folder->highest_modseq));
}

}  // namespace postern::imap
