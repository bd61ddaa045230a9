// tests/unit/core/metrics_test.cc: what is counted shows in the text, within bounds.
#include "core/metrics.h"

#include <catch2/catch.hpp>

using namespace postern;

TEST_CASE("metrics are rendered as Prometheus text") {
  metrics::counter("postern_test_total", "Tests", {{"kind", "a\"b\n"}}).add(3);
  CHECK(&metrics::counter("postern_test_total", "Tests", {{"kind", "a\"b\n"}}) ==
        &metrics::counter("postern_test_total", "Tests", {{"kind", "a\"b\n"}}));
  metrics::gauge("postern_test_now", "Now").set(7);
  metrics::histogram("postern_test_seconds", "Time").observe(0.02);
  const std::string text = metrics::render();
  CHECK(text.find("# TYPE postern_test_total counter") != std::string::npos);
  CHECK(text.find("postern_test_total{kind=\"a\\\"b\\n\"} 3") != std::string::npos);
  CHECK(text.find("postern_test_now 7") != std::string::npos);
  CHECK(text.find("postern_test_seconds_bucket{le=\"0.025\"} 1") != std::string::npos);
}

TEST_CASE("a family has at most 1000 sets of labels and one for the rest") {
  for (int i = 0; i < 1500; ++i) {
    metrics::counter("postern_test_many", "Many", {{"host", std::to_string(i)}}).add();
  }
  CHECK(metrics::counter("postern_test_many", "Many", {{"host", "other"}}).value() == 500);
}
