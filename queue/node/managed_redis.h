// queue/node/managed_redis.h: a redis-server of our own, as a child process under data_dir.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "core/async/loop.h"
#include "core/async/task.h"
#include "core/redis/connection.h"

namespace postern::queue {

/// Starts redis-server in a session of its own (Ctrl-C must not end it before the last settle), on
/// `data_dir/redis/redis.sock`. Every write is on disk before its reply. A server that a killed
/// gateway left behind is known by the lock that it inherited: it is ended and replaced. Never two
/// on one folder.
class ManagedRedis {
 public:
  struct Settings {
    std::filesystem::path data_dir;
    std::uint64_t memory_limit = 0;  ///< bytes; 0: none
    std::string program = "redis-server";
  };
  ManagedRedis(Loop& loop, Settings settings);
  ~ManagedRedis();  // after stop()
  ManagedRedis(const ManagedRedis&) = delete;
  ManagedRedis& operator=(const ManagedRedis&) = delete;

  /// Where to connect.
  redis::Url url() const;
  /// Returns when it answers (a large file takes its time to load), then watches it and starts it
  /// again, with back-off, when it ends. Throws IoError when it cannot be started at all.
  Task<> start();
  /// Call last: asks it to shut down, waits, and in the end insists.
  Task<> stop();
  /// The running one, and those to come. Throws IoError when it does not answer: then it counts
  /// from its next start.
  Task<> set_memory_limit(std::uint64_t bytes);
  /// Of the running server, or 0.
  int pid() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::queue
