// mailbox/imap/session/selection.h: the mailbox that a session has selected (RFC 3501 §3.3).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "mailbox/imap/grammar/sequence_set.h"
#include "mailbox/imap/session/view.h"
#include "mailbox/store/folder_index.h"

namespace postern::imap {

/// A folder as it is (`folder`), and as the client knows it (`view`).
struct Selection {
  std::shared_ptr<mailbox::FolderIndex> folder;
  SessionView view;
  bool is_read_only = false;     // EXAMINE
  mailbox::Uid first_recent{};   // \Recent from here on (RFC 3501 §2.3.2)
  bool has_changed = true;       // the folder, since the client was last told
  bool has_news = false;         // messages came while it was selected
  mailbox::ModSeq told_up_to{};  // all that happened up to it was told, also who vanished
  std::shared_ptr<void> watch;

  /// Whether the client still counts messages that are gone.
  bool withholds_expunges() const { return view.size() > folder->entries.size(); }
  std::size_t recent() const { return folder->count_from(first_recent); }

  /// The message numbers that a command means, ascending; none when one of them does not exist
  /// (RFC 3501 §9, seq-number). UIDs that do not exist are passed over (§6.4.8).
  std::optional<std::vector<std::uint32_t>> chosen(const SequenceSet& set, bool by_uid) const;
  std::vector<mailbox::Uid> uids_of(const std::vector<std::uint32_t>& numbers) const;
};

}  // namespace postern::imap
