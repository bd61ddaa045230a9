// mailbox/store/recent_changes.cc: keeps the last changes that were small.
#include "mailbox/store/recent_changes.h"

#include <algorithm>

namespace postern::mailbox {
namespace {

constexpr std::size_t kept_changes = 16;
constexpr std::size_t kept_of_each = 256;  // messages

void add_all(std::vector<Uid>& uids, const std::vector<Uid>& more) {
  uids.insert(uids.end(), more.begin(), more.end());
}

void sort_out(std::vector<Uid>& uids) {
  std::ranges::sort(uids);
  const auto repeated = std::ranges::unique(uids);
  uids.erase(repeated.begin(), repeated.end());
}

}  // namespace

void RecentChanges::add(const FolderChange& change) {
  ++now_;
  if (change.upserts.size() + change.expunged.size() > kept_of_each) {
    last_.clear();
    return;
  }
  Touched& touched = last_.emplace_back();
  for (const MessageEntry& entry : change.upserts) touched.changed.push_back(entry.uid);
  touched.expunged = change.expunged;
  if (last_.size() > kept_changes) last_.pop_front();
}

std::optional<RecentChanges::Touched> RecentChanges::since(std::uint64_t then) const {
  const std::uint64_t missed = now_ - then;
  if (missed > last_.size()) return {};
  Touched touched;
  for (auto one = last_.end() - static_cast<std::ptrdiff_t>(missed); one != last_.end(); ++one) {
    add_all(touched.changed, one->changed);
    add_all(touched.expunged, one->expunged);
  }
  sort_out(touched.changed);
  sort_out(touched.expunged);
  return touched;
}

}  // namespace postern::mailbox
