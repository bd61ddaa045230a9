// tests/unit/relay/facts/listeners_test.cc: what the metrics and the rates make of facts.
#include <catch2/catch.hpp>

#include "relay/facts/fact_metrics.h"
#include "relay/facts/rates.h"

using namespace postern;
using namespace postern::relay;
using queue::FactKind;

namespace {

double of_deliveries(const char* fact) {
  return metrics::counter("postern_deliveries_total", "", {{"fact", fact}}).value();
}

}  // namespace

TEST_CASE("the metrics count a message that another host has taken as delivered") {
  FactMetrics listener;
  const double before = of_deliveries("delivered");
  listener.on({.kind = FactKind::relayed});
  listener.on({.kind = FactKind::delivered});
  CHECK(of_deliveries("delivered") == before + 2);
}

TEST_CASE("the metrics count what is accepted, and no delivery for it") {
  FactMetrics listener;
  auto& accepted = metrics::counter("postern_messages_accepted_total", "");
  const double before = accepted.value();
  for (const FactKind kind : queue::all_fact_kinds) listener.on({.kind = kind});
  CHECK(accepted.value() == before + 1);
  CHECK_FALSE(metrics::render().contains("fact=\"accepted\""));
  CHECK_FALSE(metrics::render().contains("fact=\"held\""));
}

TEST_CASE("the rates know four ends of a minute's messages") {
  Rates rates;
  for (const FactKind kind : queue::all_fact_kinds) rates.on({.kind = kind});
  const auto now = std::chrono::steady_clock::now();
  CHECK(rates.accepted.per_minute(now) == 1);
  CHECK(rates.delivered.per_minute(now) == 2);
  CHECK(rates.deferred.per_minute(now) == 1);
  CHECK(rates.bounced.per_minute(now) == 1);
}
