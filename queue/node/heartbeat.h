// queue/node/heartbeat.h: tells the other nodes that we live, and takes over from those that don't.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/async/task.h"
#include "queue/store/queue.h"

namespace postern::queue {

/// Judges other nodes by our own monotonic clock: whose counter stood still for a lease is dead.
/// Pure.
class DeathWatch {
 public:
  explicit DeathWatch(std::chrono::milliseconds lease = lease_length) : lease_(lease) {}
  /// The counter of `node` as just read.
  void saw(const std::string& node, std::int64_t counter,
           std::chrono::steady_clock::time_point now);
  std::vector<std::string> dead(std::chrono::steady_clock::time_point now) const;
  void forget(const std::string& node) { nodes_.erase(node); }
  /// After a reconnect: while we did not look, they may have lived.
  void start_over() { nodes_.clear(); }

 private:
  struct Seen {
    std::int64_t counter;
    std::chrono::steady_clock::time_point since;
  };
  std::chrono::milliseconds lease_;
  std::unordered_map<std::string, Seen> nodes_;
};

/// One for each process, on the loop of its queue. Beats, keeps queue time, takes over from dead
/// nodes, watches memory, disk and Redis's settings, sweeps the spool, moves waiting bodies there.
class Heartbeat {
 public:
  struct Settings {
    std::uint64_t memory_limit = 0;  ///< of Redis, bytes; 0: none
    std::uint64_t disk_reserve = 0;  ///< bytes that stay free under data_dir
    std::chrono::milliseconds interval = std::chrono::seconds(3);
    std::chrono::milliseconds lease = lease_length;
  };
  Heartbeat(Queue& queue, Settings settings);
  ~Heartbeat();  // after stop()
  /// After Queue::start: beats once, so that leases hold, and goes on.
  Task<> start();
  Task<> stop();
  /// Other bounds from now on. A Redis that is managed is told of its own by the caller.
  void set_bounds(std::uint64_t memory_limit, std::uint64_t disk_reserve);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::queue
