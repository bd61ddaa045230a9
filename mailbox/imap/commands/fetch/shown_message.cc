// mailbox/imap/commands/fetch/shown_message.cc: puts together what index and batch know of a
// message.
#include "mailbox/imap/commands/fetch/shown_message.h"

#include <algorithm>
#include <utility>

#include "mailbox/store/find_near.h"

namespace postern::imap {

std::optional<ShownMessage> ShownMessages::find(const FetchedMessage& message) {
  const mailbox::MessageEntry* const entry = folder_.find(message.uid, near_entry_);
  if (entry == nullptr) return {};
  const mailbox::Metadata* metadata = nullptr;
  if (plan_.reads_metadata()) {
    metadata =
        mailbox::find_near(metadata_, message.content, &mailbox::Metadata::content, near_metadata_);
    if (metadata == nullptr) return {};
  }
  ShownMessage shown(message.number, *entry, metadata);
  const bool reads_blocks = plan_.sends_octets() && entry->size > mailbox::small_message;
  if (plan_.reads_parts() || reads_blocks || shown.has_long_header())
    shown.hold = mailbox_.hold(entry->content);
  return shown;
}

ShownMessage::ShownMessage(std::uint32_t number_now, const mailbox::MessageEntry& entry_now,
                           const mailbox::Metadata* metadata_now)
    : number(number_now), entry(entry_now), metadata(metadata_now) {}

bool ShownMessage::has_long_header() const {
  return metadata != nullptr && metadata->header.size() >= mailbox::kept_header_limit;
}

/// Whether the message itself must be looked into.
bool ShownMessage::is_inside(const Section& section) const {
  return !section.part.empty() || (section.kind != Section::Kind::whole && has_long_header());
}

Task<> ShownMessage::look_into(mailbox::Mailbox& mailbox, const FetchPlan& plan) {
  std::vector<const Section*> sections;
  for (const FetchItem& item : plan.items()) {
    if (item.kind == FetchItem::Kind::section && is_inside(item.section))
      sections.push_back(&item.section);
  }
  if (sections.empty()) co_return;
  found_ = co_await sections_of_content(mailbox, entry.content, sections);
  std::ranges::reverse(found_);
}

SectionSource ShownMessage::next_source(const Section& section) {
  if (is_inside(section)) {
    SectionSource source = std::move(found_.back());
    found_.pop_back();
    return source;
  }
  if (!header_ && metadata != nullptr) header_ = mail::HeaderBlock::parse(metadata->header);
  return section_of_message(section, entry.size, header_ ? &*header_ : nullptr);
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
