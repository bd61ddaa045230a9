// mailbox/store/mailbox_folders.cc: folders and subscriptions, as coroutines.
#include "mailbox/store/mailbox_inner.h"

namespace postern::mailbox {

Task<std::vector<FolderInfo>> Mailbox::folders() {
  return read([](MailboxStore& store) { return store.folders(); });
}

Task<std::expected<FolderInfo, StoreError>> Mailbox::find_folder(std::string name) {
  return read([name = std::move(name)](MailboxStore& store) { return store.find_folder(name); });
}

Task<std::expected<FolderStatus, StoreError>> Mailbox::status(std::string name) {
  return read(
      [name = std::move(name)](MailboxStore& store) -> std::expected<FolderStatus, StoreError> {
        const auto folder = store.find_folder(name);
        if (!folder || !folder->selectable) return std::unexpected(StoreError::no_such_folder);
        return store.status(folder->id);
      });
}

Task<std::expected<FolderInfo, StoreError>> Mailbox::create_folder(std::string name,
                                                                   SpecialUse use) {
  return write([name = std::move(name), use](MailboxStore& store) {
    return store.create_folder(name, use);
  });
}

Task<std::expected<void, StoreError>> Mailbox::delete_folder(std::string name) {
  return write([name = std::move(name)](MailboxStore& store) { return store.delete_folder(name); });
}

Task<std::expected<void, StoreError>> Mailbox::rename_folder(std::string from, std::string to) {
  return write([from = std::move(from), to = std::move(to)](MailboxStore& store) {
    return store.rename_folder(from, to);
  });
}

Task<std::vector<std::string>> Mailbox::subscriptions() {
  return read([](MailboxStore& store) { return store.subscriptions(); });
}

Task<std::expected<void, StoreError>> Mailbox::subscribe(std::string name, bool subscribed) {
  return write([name = std::move(name), subscribed](MailboxStore& store) {
    return store.subscribe(name, subscribed);
  });
}

Task<std::expected<std::shared_ptr<FolderIndex>, StoreError>> Mailbox::open_folder(
    std::string name) {
  const std::expected<FolderInfo, StoreError> folder = co_await find_folder(std::move(name));
  if (!folder) co_return std::unexpected(folder.error());
  if (!folder->selectable) co_return std::unexpected(StoreError::no_such_folder);
  if (auto open = opened(folder->id)) co_return keep(std::move(open));
  // As a write, and installed before its batch is published: no change falls between.
  const auto index = std::make_shared<FolderIndex>();
  auto load = [index, folder = *folder](MailboxStore& store) {
    const auto status = store.state(folder.id);
    if (!status || status->uid_validity != folder.uid_validity) return false;
    index->id = folder.id;
    index->name = folder.name;
    index->uid_validity = status->uid_validity;
    index->uid_next = status->uid_next;
    index->highest_modseq = status->highest_modseq;
    index->entries = store.entries(folder.id);
    return true;
  };
  auto install = [this, index] {
    if (index->id != FolderId{} && !opened(index->id)) open_folders_[index->id] = index;
  };
  const bool loaded = co_await write(std::move(load), std::move(install));
  if (!loaded) co_return std::unexpected(StoreError::no_such_folder);
  auto open = opened(folder->id);
  co_return keep(open ? std::move(open) : index);
}

// Whoever comes next, or back, need not read it again. One at most, for as long as the mailbox is
// open.
std::shared_ptr<FolderIndex> Mailbox::keep(std::shared_ptr<FolderIndex> folder) {
  constexpr std::size_t most_kept = 50'000;  // entries: some megabytes
  last_folder_ = folder->entries.size() <= most_kept ? folder : nullptr;
  return folder;
}

std::shared_ptr<FolderIndex> Mailbox::opened(FolderId folder) const {
  const auto found = open_folders_.find(folder);
  return found == open_folders_.end() ? nullptr : found->second.lock();
}

Task<Uid> Mailbox::claim_recent(FolderId folder) {
  return write([folder](MailboxStore& store) { return store.claim_recent(folder); });
}

}  // namespace postern::mailbox
