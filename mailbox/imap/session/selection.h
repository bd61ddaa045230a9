// mailbox/imap/session/selection.h: the mailbox that a session has selected (RFC 3501 §3.3).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "mailbox/imap/grammar/sequence_set.h"
#include "mailbox/imap/session/recent_uids.h"
#include "mailbox/imap/session/view.h"
#include "mailbox/store/folder_index.h"

namespace postern::imap {

/// A folder as it is (`folder`), and as the client knows it (`view`).
struct Selection {
  std::shared_ptr<mailbox::FolderIndex> folder;
  SessionView view;
  bool is_read_only = false;      // EXAMINE
  RecentUids recent_uids;         // \Recent in this session
  bool has_claimed = false;       // some of these, which the store does not know yet
  bool has_changed = true;        // the folder, since the client was last told
  mailbox::ModSeq told_up_to{};   // all that happened up to it was told, also who vanished
  std::uint64_t followed_to = 0;  // of folder->recent_changes: all up to it was told
  std::shared_ptr<void> watch;
  std::shared_ptr<void> kept;  // messages that went and that the client still counts

  /// Whether there are some.
  bool withholds_expunges() const { return kept.use_count() > 0; }
  /// The changes that the client hears of next; its knowledge is brought up to date with them.
  SessionView::Update take_changes(bool may_expunge, std::size_t most_flags);
  /// Takes what is \Recent to nobody yet: this session alone is told of it. EXAMINE only sees it
  /// (RFC 3501 §2.3.2, §6.3.2).
  void meet_recent();
  std::size_t recent() const { return recent_uids.count_in(*folder); }
  bool is_recent(mailbox::Uid uid) const { return recent_uids.contain(uid); }

  /// The message numbers that a command means, ascending; none when one of them does not exist
  /// (RFC 3501 §9, seq-number). UIDs that do not exist are passed over (§6.4.8).
  std::optional<std::vector<std::uint32_t>> chosen(const SequenceSet& set, bool by_uid) const;
  std::vector<mailbox::Uid> uids_of(const std::vector<std::uint32_t>& numbers) const;
};

}  // namespace postern::imap
