// mailbox/store/folder_watchers.h: who is told of changes to the folders of an account.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>

#include "mailbox/store/types.h"

namespace postern::mailbox {

/// Called on the account's loop, after the change is on disk and in the index, if the folder has
/// one. Must not await, add watchers or let a handle go: setting an Event, or noting the folder, is
/// its purpose.
using FolderWatcher = std::function<void(const FolderChange&)>;

/// Watchers of one folder and of all. Whoever watches nothing costs nothing: a change looks up
/// those of its folder alone.
class FolderWatchers {
 public:
  /// Until the handle dies, which may outlive this object. `folder` none: every folder, also those
  /// that are made later.
  [[nodiscard]] std::shared_ptr<void> add(std::optional<FolderId> folder, FolderWatcher watcher);

  void tell(const FolderChange& change) const;

 private:
  using List = std::list<FolderWatcher>;
  struct Lists {
    List of_all;
    std::unordered_map<FolderId, List> of_one;
  };
  std::shared_ptr<Lists> lists_ = std::make_shared<Lists>();
};

}  // namespace postern::mailbox
