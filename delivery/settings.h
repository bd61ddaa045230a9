// delivery/settings.h: what delivery takes from the configuration.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/net/address.h"
#include "delivery/outcome.h"
#include "queue/retry_schedule.h"

namespace postern::config {
struct Config;
}

namespace postern::delivery {

struct RouteSettings {
  std::string to, from, via;
  std::string password_file;  ///< for a user@ in `via`; its first line
};

/// A snapshot that all workers share; plain data.
struct Settings {
  std::string hostname = "localhost";
  std::string postmaster = "postmaster@localhost";
  std::vector<RouteSettings> routes;
  std::uint16_t port = 25;  ///< of MX hosts
  std::vector<net::Address> source;
  TlsDemand tls = TlsDemand::opportunistic;
  std::size_t initial_concurrency = 5, max_concurrency = 50;
  std::chrono::milliseconds connect_timeout{30'000};
  std::optional<std::chrono::milliseconds> command_timeout;  ///< unset: RFC 5321 §4.5.3.2
  queue::RetrySchedule::Settings retry;
  std::vector<net::Address> own_listeners;  ///< of service `smtp`: who connects there meets us
};

/// Defined in settings.cc.
std::shared_ptr<const Settings> settings_of(const config::Config& config);

}  // namespace postern::delivery
