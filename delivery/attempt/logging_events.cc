#include "delivery/attempt/logging_events.h"

#include "core/log.h"
#include "core/metrics.h"

namespace postern::delivery {

namespace {

metrics::Counter& counter_of(Fact fact) {
  return metrics::counter("postern_deliveries_total",
                          "Facts of delivery: attempts, and what became of each recipient",
                          {{"fact", std::string(name(fact))}});
}

void count(const DeliveryEvent& event) {
  static metrics::Counter& attempts = counter_of(Fact::attempt);
  static metrics::Counter& delivered = counter_of(Fact::delivered);
  static metrics::Histogram& duration =
      metrics::histogram("postern_delivery_attempt_seconds", "How long an attempt took");
  if (event.fact == Fact::attempt) {
    attempts.add();
    duration.observe(std::chrono::duration<double>(event.took).count());
  } else if (event.fact == Fact::delivered) {
    delivered.add();
  } else {
    counter_of(event.fact).add();
  }
}

}  // namespace

/// What has not happened yet is 0, not absent: alerts are written on it.
LoggingEvents::LoggingEvents() {
  for (const Fact fact : all_facts) counter_of(fact);
}

void LoggingEvents::on(const DeliveryEvent& event) {
  count(event);
  log::Fields fields{{"id", queue::text(event.id)}, {"delivery", event.delivery},
                     {"attempt", event.attempt},    {"next_hop", event.next_hop},
                     {"status", event.status},      {"reply", event.reply}};
  if (!event.host.empty()) fields.emplace_back("host", event.host);
  if (!event.address.empty()) fields.emplace_back("address", event.address);
  if (!event.tls.empty()) fields.emplace_back("tls", event.tls);
  if (event.fact == Fact::attempt) {
    fields.emplace_back("took_ms", event.took.count());
  } else {
    fields.emplace_back("sender", event.sender);
    fields.emplace_back("recipient", event.recipient);
  }
  log::info(name(event.fact), fields);
}

}  // namespace postern::delivery
