// mailbox/imap/session/recent_uids.h: which messages are \Recent in one session (RFC 3501 §2.3.2).
#pragma once

#include <vector>

#include "mailbox/store/folder_index.h"

namespace postern::imap {

/// Ranges of UIDs: what arrives is \Recent in the session that hears of it first, so several
/// sessions side by side share what comes. Pure.
class RecentUids {
 public:
  /// Those from `first` to below `end`, which lie above the earlier ones or continue them.
  void add(mailbox::Uid first, mailbox::Uid end);
  bool contain(mailbox::Uid uid) const;
  /// How many messages of the folder they are.
  std::size_t count_in(const mailbox::FolderIndex& folder) const;

 private:
  struct Run {
    mailbox::Uid first, end;
  };
  std::vector<Run> runs_;  // ascending, apart
};

}  // namespace postern::imap
