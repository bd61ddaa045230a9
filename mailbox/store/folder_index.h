// mailbox/store/folder_index.h: an open folder in memory.
#pragma once

#include <string>
#include <vector>

#include "mailbox/store/types.h"

namespace postern::mailbox {

/// An open folder, shared by all sessions that have it selected. Read it on the account's loop; it
/// changes only between two awaits, after the change is on disk.
class FolderIndex {
 public:
  FolderId id{};
  std::string name;  // as it was when opened
  std::uint32_t uid_validity = 0;
  std::uint32_t uid_next = 1;
  ModSeq highest_modseq = 1;
  bool gone = false;                  // deleted meanwhile: say BYE or close
  std::vector<MessageEntry> entries;  // ascending by uid

  const MessageEntry* find(Uid uid) const;
  /// For a walk in ascending order: see find_near.
  const MessageEntry* find(Uid uid, std::size_t& near) const;
  /// How many messages have this uid or a higher one.
  std::size_t count_from(Uid uid) const;

  void apply(const FolderChange& change);  // by the Mailbox alone
};

}  // namespace postern::mailbox
