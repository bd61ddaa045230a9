// mailbox/store/folder_watchers.cc: keeps watchers by folder, as long as their handles live.
#include "mailbox/store/folder_watchers.h"

namespace postern::mailbox {

std::shared_ptr<void> FolderWatchers::add(std::optional<FolderId> folder, FolderWatcher watcher) {
  List& list = folder ? lists_->of_one[*folder] : lists_->of_all;
  const auto place = list.insert(list.end(), std::move(watcher));
  return {nullptr, [lists = lists_, folder, place](void*) {
            if (!folder) {
              lists->of_all.erase(place);
              return;
            }
            const auto found = lists->of_one.find(*folder);
            found->second.erase(place);
            if (found->second.empty()) lists->of_one.erase(found);
          }};
}

void FolderWatchers::tell(const FolderChange& change) const {
  for (const FolderWatcher& watcher : lists_->of_all) watcher(change);
  const auto found = lists_->of_one.find(change.folder);
  if (found == lists_->of_one.end()) return;
  for (const FolderWatcher& watcher : found->second) watcher(change);
}

}  // namespace postern::mailbox
