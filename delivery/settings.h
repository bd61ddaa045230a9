// delivery/settings.h: what delivery takes from the configuration as a whole.
#pragma once

#include <string>
#include <vector>

#include "core/net/address.h"
#include "delivery/config.h"
#include "queue/model/retry_schedule.h"

namespace postern::delivery {

/// A snapshot that all workers share; plain data: `[delivery]`, and what else counts here.
struct Settings : Config {
  std::string hostname = "localhost";
  std::string postmaster = "postmaster@localhost";
  std::vector<RouteSettings> routes;
  queue::RetrySchedule::Settings retry;
  std::vector<net::Address> own_listeners;  ///< of service `smtp`: who connects there meets us
};

}  // namespace postern::delivery
