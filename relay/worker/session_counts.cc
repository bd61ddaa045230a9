// relay/worker/session_counts.cc: one counter for each address that was ever listened on.
#include "relay/worker/session_counts.h"

namespace postern::relay {

std::shared_ptr<std::atomic<int>> SessionCounts::of(const std::string& address) {
  const std::lock_guard lock(mutex_);
  auto& count = counts_[address];
  if (!count) count = std::make_shared<std::atomic<int>>(0);
  return count;
}

int SessionCounts::total() const {
  const std::lock_guard lock(mutex_);
  int sum = 0;
  for (const auto& [address, count] : counts_) sum += *count;
  return sum;
}

}  // namespace postern::relay
