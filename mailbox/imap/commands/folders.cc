// mailbox/imap/commands/folders.cc: CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 3501 §6.3.3
// to §6.3.7; RFC 6154 §3).
#include "mailbox/imap/commands/folders.h"

#include "mailbox/imap/commands/rows.h"
#include "mailbox/imap/grammar/special_use.h"
#include "mailbox/imap/session/account_session.h"
#include "mailbox/imap/session/refusal.h"

namespace postern::imap {

Parsed<CreateRequest> CreateRequest::parse(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) {
    CreateRequest create{cursor.mailbox(), {}};
    if (cursor.skip(' ')) {
      read_list(cursor, false, [&] {
        if (!cursor.skip_word("USE")) cursor.fail("no such CREATE parameter");
        cursor.space();
        read_list(cursor, true, [&] {
          cursor.expect('\\');
          create.uses.push_back("\\" + cursor.upper_atom());
        });
      });
    }
    return create;
  });
}

namespace {

using mailbox::MailboxStore;

Task<Answer> imap_create(AccountSession& session, Request request) {
  const auto wanted = CreateRequest::parse(request.arguments);
  if (!wanted) co_return bad_syntax(wanted.error());
  auto use = mailbox::SpecialUse::none;
  for (const std::string& name : wanted->uses) {
    const auto known = special_use(name);
    if (!known || wanted->uses.size() > 1)
      co_return reply::not_allowed.with("USEATTR");  // RFC 6154 §3
    use = *known;
  }
  const auto folder =
      co_await session.mailbox->write(&MailboxStore::create_folder, wanted->mailbox, use);
  if (!folder) co_return refusal(folder.error());
  co_return reply::done;
}

Task<Answer> imap_remove(AccountSession& session, Request request) {
  const auto name = parse_mailbox(request.arguments);
  if (!name) co_return bad_syntax(name.error());
  const auto deleted = co_await session.mailbox->write(&MailboxStore::delete_folder, *name);
  if (!deleted) co_return refusal(deleted.error());
  co_return reply::done;
}

Task<Answer> imap_rename(AccountSession& session, Request request) {
  const auto names = parse_two_mailboxes(request.arguments);
  if (!names) co_return bad_syntax(names.error());
  const auto renamed =
      co_await session.mailbox->write(&MailboxStore::rename_folder, names->first, names->second);
  if (!renamed) co_return refusal(renamed.error());
  co_return reply::done;
}

Task<Answer> set_subscription(AccountSession& session, Request request, bool is_subscribed) {
  const auto name = parse_mailbox(request.arguments);
  if (!name) co_return bad_syntax(name.error());
  const auto done = co_await session.mailbox->write(&MailboxStore::subscribe, *name, is_subscribed);
  if (!done) co_return refusal(done.error());
  co_return reply::done;
}

Task<Answer> imap_subscribe(AccountSession& session, Request request) {
  return set_subscription(session, std::move(request), true);
}

Task<Answer> imap_unsubscribe(AccountSession& session, Request request) {
  return set_subscription(session, std::move(request), false);
}

}  // namespace

namespace row {

// clang-format off
//                                  name           UID form        where legal          numbers          arguments        obeyed by        capability
constinit const Command create{     "CREATE",      Variant::plain, States::after_login, Numbers::unused, Arguments::some, imap_create,      {.words = "CREATE-SPECIAL-USE"}};
constinit const Command remove{     "DELETE",      Variant::plain, States::after_login, Numbers::unused, Arguments::some, imap_remove};
constinit const Command rename{     "RENAME",      Variant::plain, States::after_login, Numbers::unused, Arguments::some, imap_rename};
constinit const Command subscribe{  "SUBSCRIBE",   Variant::plain, States::after_login, Numbers::unused, Arguments::some, imap_subscribe};
constinit const Command unsubscribe{"UNSUBSCRIBE", Variant::plain, States::after_login, Numbers::unused, Arguments::some, imap_unsubscribe};
// clang-format on

}  // namespace row

}  // namespace postern::imap
