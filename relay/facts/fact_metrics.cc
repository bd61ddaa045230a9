// relay/facts/fact_metrics.cc: which counter counts which fact.
#include "relay/facts/fact_metrics.h"

namespace postern::relay {
namespace {

using queue::FactKind;

metrics::Counter& counter_of(FactKind kind) {
  return metrics::counter("postern_deliveries_total",
                          "Facts of delivery: attempts, and what became of each recipient",
                          {{"fact", std::string(name(kind))}});
}

}  // namespace

/// What has not happened yet is 0, not absent: alerts are written on it.
FactMetrics::FactMetrics()
    : accepted_(metrics::counter("postern_messages_accepted_total", "Messages that got their 250")),
      duration_(
          metrics::histogram("postern_delivery_attempt_seconds", "How long an attempt took")) {
  for (const FactKind kind : {FactKind::attempt, FactKind::delivered, FactKind::deferred,
                              FactKind::bounced, FactKind::expired, FactKind::discarded})
    of_deliveries_[static_cast<std::size_t>(kind)] = &counter_of(kind);
  of_deliveries_[static_cast<std::size_t>(FactKind::relayed)] = &counter_of(FactKind::delivered);
}

void FactMetrics::on(const queue::Fact& fact) {
  if (fact.kind == FactKind::accepted) accepted_.add();
  if (fact.kind == FactKind::attempt)
    duration_.observe(std::chrono::duration<double>(fact.took).count());
  metrics::Counter* const counter = of_deliveries_[static_cast<std::size_t>(fact.kind)];
  if (counter != nullptr) counter->add();
}

}  // namespace postern::relay
