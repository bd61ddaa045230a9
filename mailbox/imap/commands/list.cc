// mailbox/imap/commands/list.cc: LIST and LSUB (RFC 3501 §6.3.8, §6.3.9; RFC 3348, 5258, 5819,
// 6154).
#include <fmt/format.h>

#include <algorithm>

#include "core/async/offload.h"
#include "mailbox/imap/commands/list_request.h"
#include "mailbox/imap/commands/listing.h"
#include "mailbox/imap/commands/rows.h"
#include "mailbox/imap/grammar/writer.h"
#include "mailbox/imap/session/account_session.h"
#include "mailbox/imap/session/refusal.h"

namespace postern::imap {
namespace {

/// What selected a child: the options but RECURSIVEMATCH itself (RFC 5258 §3.5).
std::string_view child_info(const ListRequest& request) {
  if (!request.select_special) return " (\"CHILDINFO\" (\"SUBSCRIBED\"))";
  if (!request.select_subscribed) return " (\"CHILDINFO\" (\"SPECIAL-USE\"))";
  return " (\"CHILDINFO\" (\"SUBSCRIBED\" \"SPECIAL-USE\"))";
}

std::string write_listed(const Listed& listed, const ListRequest& request,
                         std::string_view command) {
  std::string text = fmt::format("* {} ({}) \"/\" ", command, fmt::join(listed.attributes, " "));
  write_mailbox(text, listed.name);
  if (listed.has_selected_child) text += child_info(request);
  return text + "\r\n";
}

bool is_selectable(const Listed& listed) {
  return std::ranges::none_of(listed.attributes, [](std::string_view a) {
    return a == "\\Noselect" || a == "\\NonExistent";
  });
}

/// LIST and LSUB: `command` is what the answers are called, `list` which mailboxes they name.
Task<Answer> tell_list(AccountSession& session, Request request, std::string_view command,
                       std::vector<Listed> (Listing::*list)() const) {
  const auto wanted = ListRequest::parse(request.arguments);
  if (!wanted) co_return bad_syntax(wanted.error());
  // An empty pattern asks for the delimiter (RFC 3501 §6.3.8).
  if (!wanted->extended && wanted->patterns.front().empty()) {
    co_await session.write(fmt::format("* {} (\\Noselect) \"/\" \"\"\r\n", command));
    co_return reply::done;
  }
  auto folders = co_await session.mailbox->read(&mailbox::MailboxStore::folders);
  auto subscriptions = co_await session.mailbox->read(&mailbox::MailboxStore::subscriptions);
  const Listing listing(*wanted, std::move(folders), std::move(subscriptions));
  // Off the loop: patterns and names of the longest kind take their time.
  const std::vector<Listed> all =
      co_await offload(*session.context.pool, [&] { return (listing.*list)(); });
  for (const Listed& listed : all) {
    co_await session.write(write_listed(listed, *wanted, command));
    // STATUS comes behind its LIST, and for no mailbox that cannot be selected (RFC 5819 §2).
    if (wanted->return_status.empty() || !is_selectable(listed)) continue;
    const std::string status = co_await status_line(session, listed.name, wanted->return_status);
    co_await session.write(status);
  }
  co_return reply::done;
}

Task<Answer> imap_list(AccountSession& session, Request request) {
  return tell_list(session, std::move(request), "LIST", &Listing::list);
}

Task<Answer> imap_lsub(AccountSession& session, Request request) {
  return tell_list(session, std::move(request), "LSUB", &Listing::list_subscribed);
}

}  // namespace

namespace row {

// clang-format off
//                           name    UID form        where legal          numbers          arguments        obeyed by capability
constinit const Command list{"LIST", Variant::plain, States::after_login, Numbers::unused, Arguments::some, imap_list, {.words = "LIST-EXTENDED LIST-STATUS"}};
constinit const Command lsub{"LSUB", Variant::plain, States::after_login, Numbers::unused, Arguments::some, imap_lsub};
constinit const Capability attributes{.words = "CHILDREN SPECIAL-USE"};  // RFC 3348, 6154
// clang-format on

}  // namespace row

}  // namespace postern::imap
