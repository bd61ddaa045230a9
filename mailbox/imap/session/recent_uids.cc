// mailbox/imap/session/recent_uids.cc: keeps runs of UIDs, and counts them in a folder.
#include "mailbox/imap/session/recent_uids.h"

#include <algorithm>

namespace postern::imap {

using mailbox::Uid;

void RecentUids::add(Uid first, Uid end) {
  if (first >= end) return;
  if (!runs_.empty() && first <= runs_.back().end) {
    runs_.back().end = std::max(runs_.back().end, end);
  } else {
    runs_.push_back({first, end});
  }
}

bool RecentUids::contain(Uid uid) const {
  const auto next = std::ranges::upper_bound(runs_, uid, {}, &Run::first);
  return next != runs_.begin() && uid < std::prev(next)->end;
}

std::size_t RecentUids::count_in(const mailbox::FolderIndex& folder) const {
  std::size_t count = 0;
  for (const Run& run : runs_) count += folder.count_from(run.first) - folder.count_from(run.end);
  return count;
}

}  // namespace postern::imap
