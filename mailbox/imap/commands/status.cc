// mailbox/imap/commands/status.cc: STATUS (RFC 3501 §6.3.10).
#include "mailbox/imap/commands/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "mailbox/imap/commands/rows.h"
#include "mailbox/imap/grammar/writer.h"
#include "mailbox/imap/session/refusal.h"

namespace postern::imap {
namespace {

StatusItem read_status_item(Cursor& cursor) {
  static constexpr std::array<std::pair<std::string_view, StatusItem>, 9> items{{
      {"MESSAGES", StatusItem::messages},
      {"RECENT", StatusItem::recent},
      {"UIDNEXT", StatusItem::uid_next},
      {"UIDVALIDITY", StatusItem::uid_validity},
      {"UNSEEN", StatusItem::unseen},
      {"HIGHESTMODSEQ", StatusItem::highest_modseq},
      {"SIZE", StatusItem::size},
      {"DELETED", StatusItem::deleted},
      {"DELETED-STORAGE", StatusItem::deleted_storage},
  }};
  const std::string name = cursor.upper_atom();
  const auto* item = std::ranges::find(items, name, &decltype(items)::value_type::first);
  if (item != items.end()) return item->second;
  cursor.fail("no such status item");
  return {};
}

std::string status_item(StatusItem item, const mailbox::FolderStatus& status) {
  switch (item) {
    case StatusItem::messages:
      return fmt::format("MESSAGES {}", status.messages);
    case StatusItem::recent:
      return fmt::format("RECENT {}", status.recent);
    case StatusItem::uid_next:
      return fmt::format("UIDNEXT {}", status.uid_next);
    case StatusItem::uid_validity:
      return fmt::format("UIDVALIDITY {}", status.uid_validity);
    case StatusItem::unseen:
      return fmt::format("UNSEEN {}", status.unseen);
    case StatusItem::highest_modseq:
      return fmt::format("HIGHESTMODSEQ {}", status.highest_modseq);
    case StatusItem::size:
      return fmt::format("SIZE {}", status.size);
    case StatusItem::deleted:
      return fmt::format("DELETED {}", status.deleted);
    case StatusItem::deleted_storage:
      break;
  }
  return fmt::format("DELETED-STORAGE {}", status.deleted_size);
}

}  // namespace

std::vector<StatusItem> read_status_items(Cursor& cursor) {
  std::vector<StatusItem> items;
  read_list(cursor, false, [&] { items.push_back(read_status_item(cursor)); });
  return items;
}

Parsed<StatusRequest> StatusRequest::parse(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) {
    StatusRequest status;
    status.mailbox = cursor.mailbox();
    cursor.space();
    status.items = read_status_items(cursor);
    return status;
  });
}

Task<std::string> status_line(AccountSession& session, std::string mailbox,
                              std::vector<StatusItem> items) {
  const auto status = co_await session.mailbox->status(mailbox);
  if (!status) co_return "";
  std::string text = "* STATUS ";
  write_mailbox(text, mailbox);
  for (std::string_view before = " ("; const StatusItem item : items) {
    text += std::exchange(before, " ");
    text += status_item(item, *status);
    session.speaks_condstore |= item == StatusItem::highest_modseq;  // RFC 7162 §3.1
  }
  co_return text + ")\r\n";
}

namespace {

Task<Answer> imap_status(AccountSession& session, Request request) {
  const auto wanted = StatusRequest::parse(request.arguments);
  if (!wanted) co_return bad_syntax(wanted.error());
  const std::string line = co_await status_line(session, wanted->mailbox, wanted->items);
  if (line.empty()) co_return reply::no_mailbox;
  co_await session.write(line);
  co_return reply::done;
}

}  // namespace

namespace row {

// clang-format off
//                             name      UID form        where legal          numbers          arguments        obeyed by   capability
constinit const Command status{"STATUS", Variant::plain, States::after_login, Numbers::unused, Arguments::some, imap_status, {.words = "STATUS=SIZE"}};
// clang-format on

}  // namespace row

}  // namespace postern::imap
