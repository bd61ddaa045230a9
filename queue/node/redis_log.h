// queue/node/redis_log.h: lines of redis-server's log as what they are.
#pragma once

#include <optional>
#include <string_view>

namespace postern::queue {

struct RedisLine {
  bool is_warning = false;
  std::string_view words;
};

/// Of "PID:ROLE DAY TIME LEVEL words". None: its banner, or nothing. Redis calls much a warning
/// that belongs to each start and each end. Pure.
std::optional<RedisLine> read_redis_line(std::string_view line);

}  // namespace postern::queue
