// mailbox/store/folder_index.cc: finds messages, and applies committed changes.
#include "mailbox/store/folder_index.h"

#include <algorithm>

#include "mailbox/store/find_near.h"

namespace postern::mailbox {

const MessageEntry* FolderIndex::find(Uid uid) const {
  const auto found = std::ranges::lower_bound(entries, uid, {}, &MessageEntry::uid);
  return found != entries.end() && found->uid == uid ? &*found : nullptr;
}

const MessageEntry* FolderIndex::find(Uid uid, std::size_t& near) const {
  return find_near(std::span<const MessageEntry>(entries), uid, &MessageEntry::uid, near);
}

std::size_t FolderIndex::count_from(Uid uid) const {
  const auto first = std::ranges::lower_bound(entries, uid, {}, &MessageEntry::uid);
  return static_cast<std::size_t>(entries.end() - first);
}

void FolderIndex::apply(const FolderChange& change) {
  if (!change.expunged.empty()) {
    std::erase_if(entries, [&](const MessageEntry& entry) {
      return std::ranges::binary_search(change.expunged, entry.uid);
    });
  }
  for (const MessageEntry& entry : change.upserts) {
    if (std::ranges::binary_search(change.expunged, entry.uid)) continue;
    const auto place = std::ranges::lower_bound(entries, entry.uid, {}, &MessageEntry::uid);
    if (place != entries.end() && place->uid == entry.uid) {
      *place = entry;
    } else {
      entries.insert(place, entry);
    }
  }
  uid_next = std::max(uid_next, change.uid_next);
  highest_modseq = std::max(highest_modseq, change.highest_modseq);
  gone = gone || change.gone;
}

}  // namespace postern::mailbox
