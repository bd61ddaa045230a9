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

/// What a look at a Redis brought.
struct SettingsFound {
  std::vector<std::string> mistakes;  ///< of its settings
  std::string shortage;               ///< of replicas; passes when they are back
};

/// Empty, or that `good` replicas are fewer than `min-replicas-to-write` demands. Pure.
std::string missing_replicas(const RedisSettings& settings, unsigned good);

}  // namespace postern::queue
