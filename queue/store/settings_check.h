// queue/store/settings_check.h: which settings of a Redis would lose mail.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::queue {

using RedisSettings = std::vector<std::pair<std::string, std::string>>;

/// Each mistake as "appendfsync is everysec, must be always"; empty when the Redis is safe.
/// `replicas`: how many it has. Pure.
std::vector<std::string> unsafe_settings(const RedisSettings& settings, unsigned replicas = 0);

}  // namespace postern::queue
