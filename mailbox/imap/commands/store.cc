// mailbox/imap/commands/store.cc: STORE and UID STORE (RFC 3501 §6.4.6; RFC 7162 §3.1.3).
#include "mailbox/imap/commands/store.h"

#include <fmt/format.h>

#include <algorithm>

#include "mailbox/imap/commands/rows.h"
#include "mailbox/imap/session/account_session.h"
#include "mailbox/imap/session/refusal.h"

namespace postern::imap {

namespace {

/// "(UNCHANGEDSINCE n)" and a blank (RFC 7162 §3.1.3).
std::optional<std::uint64_t> read_unchanged_since(Cursor& cursor) {
  if (!cursor.skip('(')) return {};
  if (!cursor.skip_word("UNCHANGEDSINCE")) cursor.fail("no such STORE modifier");
  cursor.space();
  const std::uint64_t modseq = cursor.number64();
  cursor.expect(')');
  cursor.space();
  return modseq;
}

mailbox::FlagOperation read_operation(Cursor& cursor) {
  if (cursor.skip('+')) return mailbox::FlagOperation::add;
  return cursor.skip('-') ? mailbox::FlagOperation::remove : mailbox::FlagOperation::replace;
}

/// A list, or flags with blanks between (RFC 3501 §9, store-att-flags).
FlagList read_flags(Cursor& cursor) {
  if (cursor.peek() == '(') return read_flag_list(cursor);
  FlagList flags;
  do {
    read_flag(cursor, flags);
  } while (cursor.skip(' '));
  return flags;
}

}  // namespace

Parsed<StoreRequest> StoreRequest::parse(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) {
    StoreRequest store;
    store.set = cursor.sequence_set();
    cursor.space();
    store.unchanged_since = read_unchanged_since(cursor);
    store.operation = read_operation(cursor);
    const std::string word = cursor.upper_atom();
    if (word != "FLAGS" && word != "FLAGS.SILENT") cursor.fail("only FLAGS can be stored");
    store.silent = word == "FLAGS.SILENT";
    cursor.space();
    store.flags = read_flags(cursor);
    return store;
  });
}

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

/// Who failed UNCHANGEDSINCE (RFC 7162 §3.1.3).
std::string modified_code(const AccountSession& session, const std::vector<mailbox::Uid>& modified,
                          bool by_uid) {
  std::vector<std::uint32_t> numbers;
  for (const mailbox::Uid uid : modified) {
    const auto number = session.selection->view.number(uid);
    if (number) numbers.push_back(by_uid ? static_cast<std::uint32_t>(uid) : *number);
  }
  return fmt::format("MODIFIED {}", write_set(numbers));
}

Task<Answer> imap_store(AccountSession& session, Request request) {
  const auto wanted = StoreRequest::parse(request.arguments);
  if (!wanted) co_return bad_syntax(wanted.error());
  if (session.selection->is_read_only) co_return reply::not_writable;
  session.speaks_condstore |= wanted->unchanged_since.has_value();
  const auto numbers = session.selection->chosen(wanted->set, request.is_by_uid());
  if (!numbers) co_return reply::no_such_number;
  if (numbers->empty()) co_return reply::nothing_matched;

  const auto folder = session.selection->folder;
  const std::vector<mailbox::Uid> uids = session.selection->uids_of(*numbers);
  const std::vector<mailbox::Uid> told = told_before(session, uids);
  auto stored = co_await session.mailbox->write(&mailbox::MailboxStore::store_flags, folder->id,
                                                uids, update_of(*wanted));
  if (!stored) co_return refusal(stored.error());
  std::ranges::sort(stored->modified);
  co_await session.write(tell_stored(session, *numbers, *stored, wanted->silent, told));
  if (!stored->modified.empty())
    co_return reply::some_modified.with(
        modified_code(session, stored->modified, request.is_by_uid()));
  const bool missed_some = std::ranges::any_of(*numbers, [&](std::uint32_t number) {
    return folder->find(session.selection->view.uid(number)) == nullptr;
  });
  if (missed_some && !request.is_by_uid()) co_return reply::expunge_issued;  // RFC 2180 §4.2.1
  co_return reply::done;
}

}  // namespace

namespace row {

// clang-format off
//                            name     UID form           where legal       numbers        arguments        obeyed by
constinit const Command store{"STORE", Variant::with_uid, States::selected, Numbers::used, Arguments::some, imap_store};
// clang-format on

}  // namespace row

}  // namespace postern::imap
