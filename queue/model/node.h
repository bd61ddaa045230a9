// queue/model/node.h: who this process is to the queue, and whether its leases still hold.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace postern::queue {

/// After this long without a heartbeat the others take over what a node held.
constexpr std::chrono::seconds lease_length{30};
/// No mail is sent on a lease whose last confirmed heartbeat is older than this.
constexpr std::chrono::seconds lease_in_use{20};

/// One for each process; outlives all queues. Thread-safe.
class Node {
 public:
  /// Reads the node's name from `data_dir`, or makes one. Blocks. Throws IoError.
  explicit Node(std::filesystem::path data_dir);

  const std::string& name() const { return name_; }      ///< stable over restarts
  const std::string& writer() const { return writer_; }  ///< name and boot, for spool files
  const std::filesystem::path& data_dir() const { return data_dir_; }

  /// May what we lease be sent at `now`? Called before MAIL and before the final dot, from any
  /// thread.
  bool still_ours(std::chrono::steady_clock::time_point now) const;
  /// A heartbeat that left at `sent` was confirmed.
  void confirm(std::chrono::steady_clock::time_point sent);

  /// Past `memory_limit` or `disk_reserve`: refuse new mail with 452.
  bool is_full() const { return full_.load(std::memory_order_relaxed); }
  void set_full(bool full) { full_.store(full, std::memory_order_relaxed); }

  /// What tells the queue that we knew from one that came back empty. Kept beside the name.
  std::string epoch() const;                      ///< empty before the first connect ever
  void remember_epoch(const std::string& epoch);  ///< blocks, fsynced
  static std::string propose_epoch();

 private:
  std::filesystem::path data_dir_;
  std::string name_, writer_;
  std::atomic<std::int64_t> confirmed_{0};
  std::atomic<bool> full_{false};
};

}  // namespace postern::queue
