// queue/store/settings_check.cc: what a Redis must be set to before it may hold mail.
#include "queue/store/settings_check.h"

#include <array>

namespace postern::queue {

namespace {

struct Demand {
  std::string_view setting, value, why;
};

constexpr std::array demands{
    // clang-format off
    Demand{"appendonly",                  "yes",        "else nothing is on disk"},
    Demand{"appendfsync",                 "always",     "else a crash loses what was acknowledged"},
    Demand{"no-appendfsync-on-rewrite",   "no",         "else a crash during a rewrite loses what was acknowledged"},
    Demand{"maxmemory-policy",            "noeviction", "else Redis throws mail away when memory is full"},
    // clang-format on
};

std::string_view value_of(const RedisSettings& settings, std::string_view wanted) {
  for (const auto& [name, value] : settings) {
    if (name == wanted) return value;
  }
  return "unknown";
}

}  // namespace

std::vector<std::string> unsafe_settings(const RedisSettings& settings, unsigned replicas) {
  std::vector<std::string> mistakes;
  for (const Demand& demand : demands) {
    const std::string_view found = value_of(settings, demand.setting);
    if (found == demand.value) continue;
    mistakes.push_back(std::string(demand.setting) + " is " + std::string(found) + ", must be " +
                       std::string(demand.value) + ": " + std::string(demand.why));
  }
  const std::string_view least = value_of(settings, "min-replicas-to-write");
  if (replicas > 0 && (least == "0" || least == "unknown")) {
    mistakes.push_back("min-replicas-to-write is " + std::string(least) +
                       ", must be at least 1: this Redis has replicas, and a failover to one loses "
                       "what none has");
  }
  return mistakes;
}

}  // namespace postern::queue
