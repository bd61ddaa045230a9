// queue/settings_check.cc: what a Redis must be set to before it may hold mail.
#include "queue/settings_check.h"

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

}  // namespace

std::vector<std::string> unsafe_settings(const RedisSettings& settings) {
  std::vector<std::string> mistakes;
  for (const Demand& demand : demands) {
    std::string_view found = "unknown";
    for (const auto& [name, value] : settings) {
      if (name == demand.setting) found = value;
    }
    if (found == demand.value) continue;
    mistakes.push_back(std::string(demand.setting) + " is " + std::string(found) + ", must be " +
                       std::string(demand.value) + ": " + std::string(demand.why));
  }
  return mistakes;
}

}  // namespace postern::queue
