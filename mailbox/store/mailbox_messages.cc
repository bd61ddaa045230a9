// mailbox/store/mailbox_messages.cc: what takes more than one call of the store: it finds the
// folder by its name in the same transaction, or asks for the account's quota.
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
  return read(
      [name = std::move(name)](MailboxStore& store) -> std::expected<FolderStatus, StoreError> {
        const auto folder = store.find_folder(name);
        if (!folder || !folder->selectable) return std::unexpected(StoreError::no_such_folder);
        return store.status(folder->id);
      });
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
  return write([from, uids = std::move(uids), to = std::move(to), quota = quota_,
                settings = settings_](MailboxStore& store) -> std::expected<Copied, StoreError> {
    if (!settings->has_room_for(message_cost * uids.size()))
      return std::unexpected(StoreError::no_room);
    const auto target = store.find_folder(to);
    if (!target) return std::unexpected(target.error());
    return store.copy(from, uids, target->id, quota);
  });
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

}  // namespace postern::mailbox
