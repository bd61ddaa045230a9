// mailbox/imap/commands/quota.cc: GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 9208 §4.1; RFC 2087).
#include <fmt/format.h>

#include "mailbox/imap/commands/rows.h"
#include "mailbox/imap/grammar/arguments.h"
#include "mailbox/imap/grammar/writer.h"
#include "mailbox/imap/session/account_session.h"
#include "mailbox/imap/session/refusal.h"

namespace postern::imap {
namespace {

/// The one quota root that all mailboxes of an account with a quota share is called "".
std::string quota_line(const mailbox::QuotaUse& use) {
  return fmt::format("* QUOTA \"\" (STORAGE {} {})\r\n", (use.bytes + 1023) / 1024,
                     *use.limit / 1024);  // RFC 9208 §5.1: KiB
}

Task<Answer> imap_get_quota(AccountSession& session, Request request) {
  const auto root = parse_all(request.arguments, [](Cursor& cursor) { return cursor.astring(); });
  if (!root) co_return bad_syntax(root.error());
  if (!root->empty()) co_return reply::no_quota_root;
  const auto use = co_await session.mailbox->usage();
  if (!use.limit) co_return reply::no_quota_root;
  co_await session.write(quota_line(use));
  co_return reply::done;
}

Task<Answer> imap_get_quota_root(AccountSession& session, Request request) {
  const auto name = parse_mailbox(request.arguments);
  if (!name) co_return bad_syntax(name.error());
  const auto folder = co_await session.mailbox->read(&mailbox::MailboxStore::find_folder, *name);
  if (!folder) co_return refusal(folder.error());
  const auto use = co_await session.mailbox->usage();
  std::string text = "* QUOTAROOT ";
  write_mailbox(text, *name);
  text += use.limit ? " \"\"\r\n" + quota_line(use) : "\r\n";  // no root, no QUOTA: RFC 9208 §4.1.2
  co_await session.write(text);
  co_return reply::done;
}

// Quotas are the operator's (RFC 9208 §4.1.3).
Task<Answer> imap_set_quota(AccountSession&, Request) { co_return reply::no_quota_change; }

}  // namespace

namespace row {

// clang-format off
//                                     name            UID form        where legal          numbers          arguments        obeyed by           capability
constinit const Command get_quota{     "GETQUOTA",     Variant::plain, States::after_login, Numbers::unused, Arguments::some, imap_get_quota,      {.words = "QUOTA QUOTA=RES-STORAGE"}};
constinit const Command get_quota_root{"GETQUOTAROOT", Variant::plain, States::after_login, Numbers::unused, Arguments::some, imap_get_quota_root};
constinit const Command set_quota{     "SETQUOTA",     Variant::plain, States::after_login, Numbers::unused, Arguments::some, imap_set_quota};
// clang-format on

}  // namespace row

}  // namespace postern::imap
