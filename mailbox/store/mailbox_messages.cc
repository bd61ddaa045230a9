// mailbox/store/mailbox_messages.cc: what takes more than one call of the store: it finds the
// folder by its name in the same transaction, or asks for the account's quota.
#include <algorithm>
#include <filesystem>

#include "mailbox/store/mailbox.h"
#include "mailbox/store/mailbox_settings.h"

namespace postern::mailbox {
namespace {

std::uint64_t octets_of(const NewMail& mail) {
  const Content& content = mail.content;
  if (content.memory) return content.prefix.size() + content.memory->size();
  std::error_code trouble;  // reading says it better
  const std::uintmax_t size = std::filesystem::file_size(content.path, trouble);
  return content.prefix.size() + (trouble ? 0 : size);
}

std::uint64_t octets_of(const std::vector<NewMail>& mails) {
  std::uint64_t octets = 0;
  for (const NewMail& mail : mails) octets += octets_of(mail);
  return octets;
}

}  // namespace

Task<bool> Mailbox::has_room_for(std::uint64_t octets) {
  co_return co_await offload(settings_->pool, [&] { return settings_->has_room_for(octets); });
}

Task<std::expected<FolderStatus, StoreError>> Mailbox::status(std::string name) {
  auto status = co_await read(
      [name = std::move(name)](MailboxStore& store) -> std::expected<FolderStatus, StoreError> {
        const auto folder = store.find_folder(name);
        if (!folder || !folder->selectable) return std::unexpected(StoreError::no_such_folder);
        return store.status(folder->id);
      });
  if (!status) co_return status;
  // What sessions that have the folder open were told is \Recent no more.
  if (const auto open = opened(status->id)) status->recent = open->count_from(open->recent_from);
  co_return status;
}

Task<std::expected<std::vector<Appended>, StoreError>> Mailbox::append_all(
    std::string folder, std::vector<NewMail> mails) {
  return write(
      [folder = std::move(folder), mails = std::move(mails), quota = quota_, settings = settings_](
          MailboxStore& store) -> std::expected<std::vector<Appended>, StoreError> {
        if (!settings->has_room_for(octets_of(mails))) return std::unexpected(StoreError::no_room);
        const auto target = store.find_folder(folder);
        if (!target) return std::unexpected(target.error());
        return store.append_all(target->id, mails, quota);
      });
}

Task<std::expected<std::optional<Appended>, StoreError>> Mailbox::deliver(std::string key,
                                                                          std::string folder,
                                                                          NewMail mail) {
  return write([key = std::move(key), folder = std::move(folder), mail = std::move(mail),
                quota = quota_, settings = settings_](
                   MailboxStore& store) -> std::expected<std::optional<Appended>, StoreError> {
    if (!settings->has_room_for(octets_of(mail))) return std::unexpected(StoreError::no_room);
    return store.deliver(key, folder, mail, quota);
  });
}

Task<std::expected<Copied, StoreError>> Mailbox::copy(FolderId from, std::vector<Uid> uids,
                                                      std::string to) {
  auto known = known_messages(from, uids);
  return write(
      [from, uids = std::move(uids), to = std::move(to), quota = quota_, settings = settings_,
       known = std::move(known)](MailboxStore& store) -> std::expected<Copied, StoreError> {
        if (!settings->has_room_for(message_cost * uids.size()))
          return std::unexpected(StoreError::no_room);
        const auto target = store.find_folder(to);
        if (!target) return std::unexpected(target.error());
        return store.copy(from, uids, target->id, quota, known);
      });
}

/// As the sessions know them, also those that are expunged and kept.
std::vector<MessageEntry> Mailbox::known_messages(FolderId folder,
                                                  std::span<const Uid> uids) const {
  std::shared_ptr<FolderIndex> index = opened(folder);
  const auto kept = std::ranges::find(kept_, folder, [](const auto& one) { return one->id; });
  if (!index && kept != kept_.end()) index = *kept;  // the folder itself is gone
  std::vector<MessageEntry> known;
  for (const Uid uid : uids) {
    if (const MessageEntry* const entry = index ? index->find(uid) : nullptr)
      known.push_back(*entry);
  }
  return known;
}

Task<std::expected<Copied, StoreError>> Mailbox::move(FolderId from, std::vector<Uid> uids,
                                                      std::string to) {
  return write([from, uids = std::move(uids),
                to = std::move(to)](MailboxStore& store) -> std::expected<Copied, StoreError> {
    const auto target = store.find_folder(to);
    if (!target) return std::unexpected(target.error());
    return store.move(from, uids, target->id);
  });
}

// What no message has any more is removed by the maintenance alone. It runs beside no write, so
// what an index still has when it is held cannot be on its way out.
std::shared_ptr<void> Mailbox::hold(ContentId content) {
  const auto place = held_.insert(content);
  return {nullptr, [mailbox = weak_from_this(), place](void*) {
            const std::shared_ptr<Mailbox> self = mailbox.lock();
            if (!self) return;
            self->held_.erase(place);
            if (self->may_hold_dead_) self->run_maintenance();
          }};
}

std::shared_ptr<void> Mailbox::keep_expunged(std::shared_ptr<FolderIndex> folder) {
  const Departed::Turn turn = folder->departed.keep();
  const auto place = kept_.insert(kept_.end(), std::move(folder));
  return {nullptr, [mailbox = weak_from_this(), turn, place](void*) {
            const std::shared_ptr<Mailbox> self = mailbox.lock();
            if (!self) return;
            (*place)->departed.let_go(turn);
            self->kept_.erase(place);
            if (self->may_hold_dead_) self->run_maintenance();
          }};
}

/// Ascending: what the maintenance must leave.
std::vector<ContentId> Mailbox::held_contents() const {
  std::vector<ContentId> held(held_.begin(), held_.end());
  std::set<std::shared_ptr<FolderIndex>> folders(kept_.begin(), kept_.end());
  for (const auto& folder : folders) folder->departed.add_contents(held);
  std::ranges::sort(held);
  return held;
}

}  // namespace postern::mailbox
