// delivery/attempt/logging_events.h: the facts of delivery in the log and the metrics.
#pragma once

#include "delivery/attempt/events.h"

namespace postern::delivery {

/// One structured event for each fact. Main chains it with counters, webhooks and whoever else
/// listens.
class LoggingEvents final : public EventSink {
 public:
  LoggingEvents();
  void on(const DeliveryEvent& event) override;
};

}  // namespace postern::delivery
