// queue/node/redis_log.cc: what redis-server says, without its drama.
#include "queue/node/redis_log.h"

#include <algorithm>
#include <array>

namespace postern::queue {

namespace {

constexpr std::string_view banner = "oO0OoO0OoO0Oo";
constexpr std::array<std::string_view, 8> daily{
    "Redis version=",
    "Configuration loaded",
    "Server initialized",
    "WARNING",  // advice about the host: memory overcommit, huge pages, the backlog
    "User requested shutdown",
    "Received SIGTERM",
    "Redis is now ready to exit",
    "Warning: no config file specified",
};

/// Where the level stands: after the fifth blank, as in "7:M 28 Nov 2026 23:00:00.123 # words".
std::size_t level_at(std::string_view line) {
  std::size_t at = 0;
  for (int blanks = 0; blanks < 5; ++blanks) {
    at = line.find(' ', at);
    if (at == line.npos) return at;
    ++at;
  }
  const bool is_level = at + 1 < line.size() && line[at + 1] == ' ' &&
                        std::string_view(".-*#").find(line[at]) != std::string_view::npos;
  return is_level ? at : line.npos;
}

}  // namespace

std::optional<RedisLine> read_redis_line(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == line.npos || line.contains(banner)) return std::nullopt;
  const std::size_t level = level_at(line);
  if (level == line.npos) return RedisLine{false, line};
  const std::string_view words = line.substr(level + 2);
  const bool is_daily = std::ranges::any_of(
      daily, [&](std::string_view beginning) { return words.starts_with(beginning); });
  return RedisLine{line[level] == '#' && !is_daily, words};
}

}  // namespace postern::queue
