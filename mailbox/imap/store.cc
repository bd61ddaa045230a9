// mailbox/imap/store.cc: STORE and UID STORE (RFC 3501 §6.4.6; RFC 7162 §3.1.3).
#include <fmt/format.h>

#include <algorithm>

#include "mailbox/imap/account_session.h"

namespace postern::imap {
namespace {

mailbox::FlagUpdate update_of(const StoreRequest& store) {
  mailbox::FlagUpdate update;
  update.operation = store.operation;
  update.system_flags = store.flags.system_flags;
  update.keywords = store.flags.keywords;
  update.unchanged_since = store.unchanged_since;
  return update;
}

/// Those whose flags the client knows: it can tell itself what a silent change makes of them.
std::vector<mailbox::Uid> told_before(const AccountSession& session,
                                      const std::vector<mailbox::Uid>& uids) {
  std::vector<mailbox::Uid> told;
  for (const mailbox::Uid uid : uids) {
    const mailbox::MessageEntry* entry = session.selection->folder->find(uid);
    if (entry != nullptr && session.selection->view.is_told(*entry)) told.push_back(uid);
  }
  return told;
}

/// FETCH answers for what was asked to change, whether it did or not; with .SILENT only the new
/// mod-sequences.
std::string tell_stored(AccountSession& session, const std::vector<std::uint32_t>& numbers,
                        const mailbox::FlagsStored& stored, bool silent,
                        const std::vector<mailbox::Uid>& told) {
  std::string text = session.write_new_keywords();
  SessionView& view = session.selection->view;
  for (const mailbox::MessageEntry& entry : stored.changed) {
    // Of others it is told at the end: someone else changed them as well (RFC 3501 §6.4.6).
    const auto number = view.number(entry.uid);
    if (!number) continue;
    if (silent && std::ranges::binary_search(told, entry.uid)) view.tell(*number, entry.modseq);
    if (!silent || !session.speaks_condstore) continue;
    text += fmt::format("* {} FETCH (UID {} MODSEQ ({}))\r\n", *number,
                        static_cast<std::uint32_t>(entry.uid), entry.modseq);
  }
  if (silent) return text;
  for (const std::uint32_t number : numbers) {
    const mailbox::MessageEntry* entry = session.selection->folder->find(view.uid(number));
    if (entry == nullptr || std::ranges::binary_search(stored.modified, entry->uid)) continue;
    text += fmt::format("* {} FETCH ({})\r\n", number, session.flag_items(*entry));
    view.tell(number, entry->modseq);
  }
  return text;
}

std::string modified_code(const AccountSession& session, const std::vector<mailbox::Uid>& modified,
                          bool by_uid) {
  std::vector<std::uint32_t> numbers;
  for (const mailbox::Uid uid : modified) {
    const auto number = session.selection->view.number(uid);
    if (number) numbers.push_back(by_uid ? static_cast<std::uint32_t>(uid) : *number);
  }
  return fmt::format("MODIFIED {}", write_set(numbers));
}

}  // namespace

Task<Answer> imap_store(AccountSession& session, Request request) {
  const auto store = StoreRequest::parse(request.arguments);
  if (!store) co_return bad_syntax(store.error());
  if (session.selection->is_read_only) co_return reply::not_writable;
  session.speaks_condstore |= store->unchanged_since.has_value();
  const auto numbers = chosen(session, store->set, request);
  if (!numbers) co_return reply::no_such_number;
  if (numbers->empty()) co_return reply::nothing_matched;

  const auto folder = session.selection->folder;
  const std::vector<mailbox::Uid> uids = uids_of(session, *numbers);
  const std::vector<mailbox::Uid> told = told_before(session, uids);
  auto stored = co_await session.mailbox->store_flags(folder->id, uids, update_of(*store));
  if (!stored) co_return refusal(stored.error());
  std::ranges::sort(stored->modified);
  co_await session.write(tell_stored(session, *numbers, *stored, store->silent, told));
  if (!stored->modified.empty())
    co_return reply::some_modified.with(
        modified_code(session, stored->modified, is_by_uid(request)));
  const bool missed_some = std::ranges::any_of(*numbers, [&](std::uint32_t number) {
    return folder->find(session.selection->view.uid(number)) == nullptr;
  });
  if (missed_some && !is_by_uid(request)) co_return reply::expunge_issued;  // RFC 2180 §4.2.1
  co_return reply::done;
}

}  // namespace postern::imap
