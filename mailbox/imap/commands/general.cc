// mailbox/imap/commands/general.cc: the small commands: CAPABILITY, NOOP, CHECK, LOGOUT (RFC 3501
// §6.1, §6.4.1), ID (RFC 2971), ENABLE (RFC 5161), NAMESPACE (RFC 2342).
#include "mailbox/imap/commands/general.h"

#include <fmt/format.h>

#include "mailbox/imap/commands/rows.h"
#include "mailbox/imap/session/account_session.h"
#include "mailbox/imap/session/refusal.h"

namespace postern::imap {

Parsed<std::vector<std::string>> parse_enable(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) {
    std::vector<std::string> names;
    do {
      names.push_back(cursor.upper_atom());
    } while (cursor.skip(' '));
    return names;
  });
}

Parsed<void> parse_id(std::string_view arguments) {
  const auto read = parse_all(arguments, [](Cursor& cursor) {
    if (cursor.skip_word("NIL")) return true;
    bool is_nil = false;
    read_list(cursor, true, [&] { cursor.nstring_or_nil(is_nil); });
    return true;
  });
  if (!read) return std::unexpected(read.error());
  return {};
}

namespace {

Task<Answer> imap_capability(AccountSession& session, Request) {
  co_await session.write(fmt::format(
      "* CAPABILITY {}\r\n", session.commands.capabilities(session.context, session.stream, true)));
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

Task<Answer> imap_name_space(AccountSession& session, Request) {
  co_await session.write("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
  co_return reply::done;
}

}  // namespace

namespace row {

// clang-format off
//                                 name          UID form        where legal          numbers          arguments        obeyed by       capability
constinit const Command capability{"CAPABILITY", Variant::plain, States::any,         Numbers::unused, Arguments::none, imap_capability};
constinit const Command noop{      "NOOP",       Variant::plain, States::any,         Numbers::unused, Arguments::none, imap_noop};
constinit const Command check{     "CHECK",      Variant::plain, States::selected,    Numbers::unused, Arguments::none, imap_noop};
constinit const Command logout{    "LOGOUT",     Variant::plain, States::any,         Numbers::used,   Arguments::none, imap_logout};
constinit const Command id{        "ID",         Variant::plain, States::any,         Numbers::unused, Arguments::some, imap_id,         {.words = "ID", .told = Told::always}};
constinit const Command enable{    "ENABLE",     Variant::plain, States::after_login, Numbers::unused, Arguments::some, imap_enable,     {.words = "ENABLE", .told = Told::always}};
constinit const Command name_space{"NAMESPACE",  Variant::plain, States::after_login, Numbers::unused, Arguments::none, imap_name_space, {.words = "NAMESPACE"}};
// clang-format on

}  // namespace row

}  // namespace postern::imap
