// relay/worker/session_counts.h: how many sessions each listener has, over all workers.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace postern::relay {

/// Thread-safe.
class SessionCounts {
 public:
  /// The count of the listener at `address`. It stays valid, whatever becomes of the listener.
  std::shared_ptr<std::atomic<int>> of(const std::string& address);
  int total() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<std::atomic<int>>> counts_;
};

}  // namespace postern::relay
