// relay/worker/counted_events.cc: logs each fact, and counts those that `status` shows.
#include "relay/worker/counted_events.h"

namespace postern::relay {

void CountedEvents::on(const delivery::DeliveryEvent& event) {
  log_.on(event);
  const auto now = std::chrono::steady_clock::now();
  if (event.fact == delivery::Fact::delivered) rates_.delivered.add(now);
  if (event.fact == delivery::Fact::deferred) rates_.deferred.add(now);
  if (event.fact == delivery::Fact::bounced) rates_.bounced.add(now);
}

}  // namespace postern::relay
