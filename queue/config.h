// queue/config.h: [queue] of postern.toml: which Redis, how much room, and when to try again.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/config/types.h"
#include "queue/model/retry_schedule.h"

namespace postern::queue {

/// A redis-server of our own.
struct Managed {};
/// A URL as redis::Url::parse takes it.
struct RedisUrl {
  std::string text;
};
struct SentinelGroup {
  std::vector<std::string> sentinels;  ///< "host:port"
  std::string name;
};
using RedisShard = std::variant<Managed, RedisUrl, SentinelGroup>;

/// `[queue]`
struct Config {
  std::vector<RedisShard> redis{Managed{}};  ///< one, or shards
  std::uint64_t memory_limit = 4'000'000'000;
  std::uint64_t disk_reserve = 2'000'000'000;
  config::Path spool;             ///< absolute
  RetrySchedule::Settings retry;  ///< with `expire` and `warn_after`

  bool is_managed() const { return std::holds_alternative<Managed>(redis.front()); }
};

/// Reads `[queue]`. A relative spool is relative to `data_dir`.
Config read_config(config::Section section, const config::Path& data_dir);

}  // namespace postern::queue
