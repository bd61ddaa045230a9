// mailbox/store/mailbox_messages.cc: messages come, change, go and are read, as coroutines.
#include "mailbox/store/mailbox_inner.h"

namespace postern::mailbox {

Task<std::expected<Appended, StoreError>> Mailbox::append(std::string folder, NewMail mail) {
  return write([folder = std::move(folder), mail = std::move(mail),
                quota = quota_](MailboxStore& store) -> std::expected<Appended, StoreError> {
    const auto target = store.find_folder(folder);
    if (!target) return std::unexpected(target.error());
    return store.append(target->id, mail, quota);
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

Task<std::expected<FlagsStored, StoreError>> Mailbox::store_flags(FolderId folder,
                                                                  std::vector<Uid> uids,
                                                                  FlagUpdate update) {
  return write([folder, uids = std::move(uids), update = std::move(update)](MailboxStore& store) {
    return store.store_flags(folder, uids, update);
  });
}

Task<std::vector<Uid>> Mailbox::expunge(FolderId folder, std::vector<Uid> uids, bool any) {
  return write([folder, uids = std::move(uids), any](MailboxStore& store) {
    return store.expunge(folder, uids, any);
  });
}

Task<std::vector<Uid>> Mailbox::expunge_deleted(FolderId folder) {
  return write([folder](MailboxStore& store) { return store.expunge_deleted(folder); });
}

Task<std::vector<UidRange>> Mailbox::vanished(FolderId folder, ModSeq since) {
  return read([folder, since](MailboxStore& store) { return store.vanished(folder, since); });
}

Task<std::optional<std::string>> Mailbox::content(FolderId folder, Uid uid, std::uint64_t offset,
                                                  std::uint64_t length) {
  return read([folder, uid, offset, length](MailboxStore& store) {
    return store.content(folder, uid, offset, length);
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

Task<std::string> Mailbox::octets(ContentId content, std::uint64_t offset, std::uint64_t length) {
  return read([content, offset, length](MailboxStore& store) {
    return store.octets(content, offset, length);
  });
}

Task<std::vector<Octets>> Mailbox::contents(FolderId folder, std::vector<Uid> uids) {
  return read([folder, uids = std::move(uids)](MailboxStore& store) {
    return store.contents(folder, uids);
  });
}

Task<std::string> Mailbox::extract(ContentId content,
                                   std::function<std::string(std::string_view)> extract) {
  return read([content, extract = std::move(extract)](MailboxStore& store) {
    return extract(store.octets(content));
  });
}

Task<std::vector<Metadata>> Mailbox::metadata(std::vector<ContentId> contents,
                                              MetadataWanted wanted) {
  return read([contents = std::move(contents), wanted](MailboxStore& store) {
    return store.metadata(contents, wanted);
  });
}

}  // namespace postern::mailbox
