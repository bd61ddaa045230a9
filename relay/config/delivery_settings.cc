// relay/config/delivery_settings.cc: gathers what delivery needs from the sections.
#include "relay/config/delivery_settings.h"

namespace postern::relay {

std::shared_ptr<const delivery::Settings> delivery_settings(const Config& config) {
  auto settings = std::make_shared<delivery::Settings>();
  static_cast<delivery::Config&>(*settings) = config.delivery;
  settings->hostname = config.hostname;
  settings->postmaster = config.postmaster;
  settings->routes = config.routes;
  settings->retry = config.queue.retry;
  for (const Listener& listener : config.listeners) {
    if (listener.service != Service::smtp) continue;
    for (const net::Address& address : listener.addresses)
      settings->own_listeners.push_back(address);
  }
  return settings;
}

}  // namespace postern::relay
