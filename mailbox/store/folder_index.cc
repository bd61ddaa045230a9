// mailbox/store/folder_index.cc: finds messages, and applies committed changes.
#include "mailbox/store/folder_index.h"

#include <algorithm>

#include "mailbox/store/find_near.h"

namespace postern::mailbox {

const MessageEntry* FolderIndex::find(Uid uid) const {
  const auto found = std::ranges::lower_bound(entries, uid, {}, &MessageEntry::uid);
  return found != entries.end() && found->uid == uid ? &*found : departed.find(uid);
}

const MessageEntry* FolderIndex::find(Uid uid, std::size_t& near) const {
  const auto* const found =
      find_near(std::span<const MessageEntry>(entries), uid, &MessageEntry::uid, near);
  return found != nullptr ? found : departed.find(uid);
}

std::size_t FolderIndex::count_from(Uid uid) const {
  const auto first = std::ranges::lower_bound(entries, uid, {}, &MessageEntry::uid);
  return static_cast<std::size_t>(entries.end() - first);
}

void FolderIndex::apply(const FolderChange& change) {
  if (!change.expunged.empty()) {
    // Both ascend: one walk, for a search for each would be felt on the loop.
    std::vector<MessageEntry> went;
    auto next = change.expunged.begin();
    std::erase_if(entries, [&](const MessageEntry& entry) {
      while (next != change.expunged.end() && *next < entry.uid) ++next;
      const bool is_gone = next != change.expunged.end() && *next == entry.uid;
      if (is_gone) went.push_back(entry);
      return is_gone;
    });
    departed.add(went);
  }
  recent_changes.add(change);
  for (std::size_t near = 0; const MessageEntry& entry : change.upserts) {
    if (std::ranges::binary_search(change.expunged, entry.uid)) continue;
    if (entries.empty() || entries.back().uid < entry.uid) {
      entries.push_back(entry);
    } else if (find_near(std::span<const MessageEntry>(entries), entry.uid, &MessageEntry::uid,
                         near) != nullptr) {
      entries[near] = entry;
    } else {
      entries.insert(std::ranges::lower_bound(entries, entry.uid, {}, &MessageEntry::uid), entry);
    }
  }
  uid_next = std::max(uid_next, change.uid_next);
  highest_modseq = std::max(highest_modseq, change.highest_modseq);
  gone = gone || change.gone;
}

}  // namespace postern::mailbox
