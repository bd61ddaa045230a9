// mailbox/imap/folders.cc: CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, STATUS (RFC 3501 §6.3;
// RFC 6154; RFC 8438; RFC 9208).
#include <fmt/format.h>

#include "mailbox/imap/account_session.h"
#include "mailbox/imap/special_use.h"
#include "mailbox/imap/writer.h"

namespace postern::imap {
namespace {

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

Task<Answer> imap_create(AccountSession& session, Request request) {
  const auto create = CreateRequest::parse(request.arguments);
  if (!create) co_return bad_syntax(create.error());
  auto use = mailbox::SpecialUse::none;
  for (const std::string& name : create->uses) {
    const auto known = special_use(name);
    if (!known || create->uses.size() > 1)
      co_return reply::not_allowed.with("USEATTR");  // RFC 6154 §3
    use = *known;
  }
  const auto folder = co_await session.mailbox->create_folder(create->mailbox, use);
  if (!folder) co_return refusal(folder.error());
  co_return reply::done;
}

Task<Answer> imap_delete(AccountSession& session, Request request) {
  const auto name = parse_mailbox(request.arguments);
  if (!name) co_return bad_syntax(name.error());
  const auto deleted = co_await session.mailbox->delete_folder(*name);
  if (!deleted) co_return refusal(deleted.error());
  co_return reply::done;
}

Task<Answer> imap_rename(AccountSession& session, Request request) {
  const auto names = parse_two_mailboxes(request.arguments);
  if (!names) co_return bad_syntax(names.error());
  const auto renamed = co_await session.mailbox->rename_folder(names->first, names->second);
  if (!renamed) co_return refusal(renamed.error());
  co_return reply::done;
}

Task<Answer> imap_subscribe(AccountSession& session, Request request) {
  const auto name = parse_mailbox(request.arguments);
  if (!name) co_return bad_syntax(name.error());
  const auto done = co_await session.mailbox->subscribe(*name, request.name == "SUBSCRIBE");
  if (!done) co_return refusal(done.error());
  co_return reply::done;
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

Task<Answer> imap_status(AccountSession& session, Request request) {
  const auto status = StatusRequest::parse(request.arguments);
  if (!status) co_return bad_syntax(status.error());
  const std::string line = co_await status_line(session, status->mailbox, status->items);
  if (line.empty()) co_return reply::no_mailbox;
  co_await session.write(line);
  co_return reply::done;
}

}  // namespace postern::imap
