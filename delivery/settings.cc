#include "delivery/settings.h"

#include "core/config/config.h"

namespace postern::delivery {
namespace {

TlsDemand demand(config::DeliveryTls tls) {
  switch (tls) {
    case config::DeliveryTls::required:
      return TlsDemand::required;
    case config::DeliveryTls::off:
      return TlsDemand::off;
    default:
      return TlsDemand::opportunistic;
  }
}

}  // namespace

std::shared_ptr<const Settings> settings_of(const config::Config& config) {
  auto settings = std::make_shared<Settings>();
  settings->hostname = config.hostname;
  settings->postmaster = config.postmaster;
  for (const config::Route& route : config.routes)
    settings->routes.push_back({route.to, route.from, route.via, route.password_file.string()});
  settings->port = config.delivery.port;
  settings->source = config.delivery.source;
  settings->tls = demand(config.delivery.tls);
  settings->initial_concurrency = config.delivery.initial_concurrency;
  settings->max_concurrency = config.delivery.max_concurrency;
  settings->connect_timeout = config.delivery.connect_timeout;
  settings->command_timeout = config.delivery.command_timeout;
  settings->retry = {.first = config.queue.retry.first,
                     .factor = config.queue.retry.factor,
                     .max = config.queue.retry.max,
                     .jitter = config.queue.retry.jitter,
                     .expire = config.queue.expire,
                     .warn_after = config.queue.warn_after};
  for (const config::Listener& listener : config.listeners) {
    if (listener.service != config::Service::smtp) continue;
    for (const net::Address& address : listener.addresses)
      settings->own_listeners.push_back(address);
  }
  return settings;
}

}  // namespace postern::delivery
