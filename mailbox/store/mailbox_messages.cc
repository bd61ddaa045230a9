// mailbox/store/mailbox_messages.cc: what takes more than one call of the store: it finds the
// folder by its name in the same transaction, or asks for the account's quota.
#include "mailbox/store/mailbox.h"

namespace postern::mailbox {

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
  return write([folder = std::move(folder), mails = std::move(mails), quota = quota_](
                   MailboxStore& store) -> std::expected<std::vector<Appended>, StoreError> {
    const auto target = store.find_folder(folder);
    if (!target) return std::unexpected(target.error());
    return store.append_all(target->id, mails, quota);
  });
}

Task<std::expected<std::optional<Appended>, StoreError>> Mailbox::deliver(std::string key,
                                                                          std::string folder,
                                                                          NewMail mail) {
  return write(
      [key = std::move(key), folder = std::move(folder), mail = std::move(mail),
       quota = quota_](MailboxStore& store) { return store.deliver(key, folder, mail, quota); });
}

Task<std::expected<Copied, StoreError>> Mailbox::copy(FolderId from, std::vector<Uid> uids,
                                                      std::string to) {
  return write([from, uids = std::move(uids), to = std::move(to),
                quota = quota_](MailboxStore& store) -> std::expected<Copied, StoreError> {
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
