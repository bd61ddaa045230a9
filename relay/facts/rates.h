// relay/facts/rates.h: how many messages of the last minute came to what, for `status`.
#pragma once

#include "core/rate_meter.h"
#include "queue/model/fact.h"

namespace postern::relay {

struct Rates final : queue::FactListener {
  void on(const queue::Fact& fact) override;

  RateMeter accepted, delivered, deferred, bounced;
};

}  // namespace postern::relay
