// mailbox/imap/general.cc: the small commands: CAPABILITY, NOOP, LOGOUT, ID, ENABLE, NAMESPACE,
// quotas.
#include <fmt/format.h>

#include "mailbox/imap/account_session.h"
#include "mailbox/imap/writer.h"

namespace postern::imap {
namespace {

/// The one quota root that all mailboxes of an account with a quota share is called "".
std::string quota_line(const mailbox::QuotaUse& use) {
  return fmt::format("* QUOTA \"\" (STORAGE {} {})\r\n", (use.bytes + 1023) / 1024,
                     *use.limit / 1024);  // RFC 9208 §5.1: KiB
}

}  // namespace

Task<Answer> imap_capability(AccountSession& session, Request) {
  co_await session.write(fmt::format("* CAPABILITY {}\r\n", capabilities(session.context)));
  co_return reply::done;
}

Task<Answer> imap_noop(AccountSession&, Request) { co_return reply::done; }

Task<Answer> imap_logout(AccountSession& session, Request) {
  co_await session.unselect();
  co_await session.write(std::string(bye::logout));
  session.is_closing = true;
  co_return reply::logged_out;
}

Task<Answer> imap_id(AccountSession& session, Request request) {
  if (const auto id = parse_id(request.arguments); !id) co_return bad_syntax(id.error());
  co_await session.write("* ID (\"name\" \"postern\")\r\n");
  co_return reply::done;
}

Task<Answer> imap_enable(AccountSession& session, Request request) {
  const auto names = parse_enable(request.arguments);
  if (!names) co_return bad_syntax(names.error());
  std::string enabled;
  for (const std::string& name : *names) {
    if (name != "CONDSTORE" && name != "QRESYNC") continue;  // others are ignored: RFC 5161 §3.1
    session.speaks_condstore = true;
    session.speaks_qresync |= name == "QRESYNC";
    enabled += " " + name;
  }
  co_await session.write(fmt::format("* ENABLED{}\r\n", enabled));
  co_return reply::done;
}

Task<Answer> imap_namespace(AccountSession& session, Request) {
  co_await session.write("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
  co_return reply::done;
}

Task<Answer> imap_already_logged_in(AccountSession&, Request) {
  co_return reply::already_logged_in;
}

Task<Answer> imap_get_quota(AccountSession& session, Request request) {
  Cursor cursor(request.arguments);
  cursor.space();
  const std::string root = cursor.astring();
  if (const auto finished = cursor.finish(); !finished) co_return bad_syntax(finished.error());
  if (!root.empty()) co_return reply::no_quota_root;
  const auto use = co_await session.mailbox->usage();
  if (!use.limit) co_return reply::no_quota_root;
  co_await session.write(quota_line(use));
  co_return reply::done;
}

Task<Answer> imap_get_quota_root(AccountSession& session, Request request) {
  const auto name = parse_mailbox(request.arguments);
  if (!name) co_return bad_syntax(name.error());
  const auto folder = co_await session.mailbox->find_folder(*name);
  if (!folder) co_return refusal(folder.error());
  const auto use = co_await session.mailbox->usage();
  std::string text = "* QUOTAROOT ";
  write_mailbox(text, *name);
  text += use.limit ? " \"\"\r\n" + quota_line(use) : "\r\n";  // no root, no QUOTA: RFC 9208 §4.3.3
  co_await session.write(text);
  co_return reply::done;
}

Task<Answer> imap_set_quota(AccountSession&, Request) { co_return reply::no_quota_change; }

}  // namespace postern::imap
