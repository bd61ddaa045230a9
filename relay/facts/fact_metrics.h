// relay/facts/fact_metrics.h: the facts of messages in the metrics.
#pragma once

#include "core/metrics.h"
#include "queue/model/fact.h"

namespace postern::relay {

/// Counts what was accepted, and what deliveries came to.
class FactMetrics final : public queue::FactListener {
 public:
  FactMetrics();
  void on(const queue::Fact& fact) override;

 private:
  metrics::Counter& accepted_;
  metrics::Histogram& duration_;
  std::array<metrics::Counter*, queue::all_fact_kinds.size()> of_deliveries_{};  ///< by kind
};

}  // namespace postern::relay
