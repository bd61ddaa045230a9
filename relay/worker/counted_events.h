// relay/worker/counted_events.h: what deliveries come to, in the log and in the rates of `status`.
#pragma once

#include "core/rate_meter.h"
#include "delivery/attempt/logging_events.h"

namespace postern::relay {

/// On its worker's loop; the rates are all workers'.
class CountedEvents final : public delivery::EventSink {
 public:
  explicit CountedEvents(Rates& rates) : rates_(rates) {}
  void on(const delivery::DeliveryEvent& event) override;

 private:
  delivery::LoggingEvents log_;
  Rates& rates_;
};

}  // namespace postern::relay
