// mailbox/imap/commands/fetch/shown_message.cc: puts together what index and batch know of a
// message.
#include "mailbox/imap/commands/fetch/shown_message.h"

#include "mailbox/store/find_near.h"

namespace postern::imap {

std::optional<ShownMessage> ShownMessages::find(const FetchedMessage& message) {
  const mailbox::MessageEntry* const entry = folder_.find(message.uid, near_entry_);
  if (entry == nullptr) return {};
  ShownMessage shown{
      .number = message.number, .entry = *entry, .metadata = nullptr, .sources = {}, .hold = {}};
  if (plan_.reads_parts() || (plan_.sends_octets() && entry->size > mailbox::small_message))
    shown.hold = mailbox_.hold(entry->content);
  if (plan_.reads_metadata()) {
    shown.metadata =
        mailbox::find_near(metadata_, message.content, &mailbox::Metadata::content, near_metadata_);
    if (shown.metadata == nullptr) return {};
  }
  for (const FetchItem& item : plan_.items()) {
    if (item.kind != FetchItem::Kind::section) continue;
    const bool is_of_part = !item.section.part.empty();
    shown.sources.push_back(is_of_part
                                ? SectionSource{}
                                : section_of_message(item.section, entry->size, shown.metadata));
  }
  return shown;
}

Task<> find_parts(mailbox::Mailbox& mailbox, const FetchPlan& plan, ShownMessage& shown) {
  for (auto source = shown.sources.begin(); const FetchItem& item : plan.items()) {
    if (item.kind != FetchItem::Kind::section) continue;
    if (!item.section.part.empty())
      *source = co_await section_of_part(mailbox, shown.entry.content, item.section);
    ++source;
  }
}

Task<std::vector<mailbox::Uid>> mark_seen(mailbox::Mailbox& mailbox,
                                          const mailbox::FolderIndex& folder,
                                          std::span<const FetchedMessage> messages) {
  std::vector<mailbox::Uid> unseen;
  for (std::size_t near = 0; const FetchedMessage& message : messages) {
    const mailbox::MessageEntry* const entry = folder.find(message.uid, near);
    if (entry != nullptr && !(entry->system_flags & mailbox::flag::seen))
      unseen.push_back(message.uid);
  }
  if (unseen.empty()) co_return unseen;
  mailbox::FlagUpdate update;
  update.operation = mailbox::FlagOperation::add;
  update.system_flags = mailbox::flag::seen;
  co_await mailbox.write(&mailbox::MailboxStore::store_flags, folder.id, unseen, update);
  co_return unseen;
}

}  // namespace postern::imap
