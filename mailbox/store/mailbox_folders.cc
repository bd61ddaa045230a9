// mailbox/store/mailbox_folders.cc: the indexes of open folders.
#include "mailbox/store/mailbox.h"

namespace postern::mailbox {
namespace {

/// False when the folder is another one, or none, by now.
bool load_index(MailboxStore& store, const std::shared_ptr<FolderIndex>& index,
                const FolderInfo& folder) {
  const auto state = store.state(folder.id);
  if (!state || state->uid_validity != folder.uid_validity) return false;
  index->id = folder.id;
  index->name = folder.name;
  index->uid_validity = state->uid_validity;
  index->uid_next = state->uid_next;
  index->highest_modseq = state->highest_modseq;
  index->entries = store.entries(folder.id);
  return true;
}

}  // namespace

Task<std::expected<std::shared_ptr<FolderIndex>, StoreError>> Mailbox::open_folder(
    std::string name) {
  const std::expected<FolderInfo, StoreError> folder =
      co_await read(&MailboxStore::find_folder, std::move(name));
  if (!folder) co_return std::unexpected(folder.error());
  if (!folder->selectable) co_return std::unexpected(StoreError::no_such_folder);
  if (auto open = opened(folder->id)) co_return keep(std::move(open));
  // As a write, and installed before its batch is published: no change falls between.
  const auto index = std::make_shared<FolderIndex>();
  auto install = [this, index] {
    if (index->id != FolderId{} && !opened(index->id)) open_folders_[index->id] = index;
  };
  const bool loaded = co_await write_then(std::move(install), load_index, index, *folder);
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

}  // namespace postern::mailbox
