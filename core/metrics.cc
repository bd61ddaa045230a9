// core/metrics.cc: prometheus-cpp behind a header that includes nothing of it.
#include "core/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <memory>
#include <mutex>
#include <sstream>

namespace postern::metrics {

namespace {

constexpr std::size_t most_series = 1000;

/// One name with all its sets of labels.
template <class Metric, class Inner>
struct Family {
  prometheus::Family<Inner>* inner = nullptr;
  std::vector<double> buckets;
  std::map<Labels, std::unique_ptr<Metric>> series;
};

template <class Metric, class Inner>
using Families = std::map<std::string, Family<Metric, Inner>, std::less<>>;

struct Everything {
  std::mutex mutex;
  prometheus::Registry registry;
  Families<Counter, prometheus::Counter> counters;
  Families<Gauge, prometheus::Gauge> gauges;
  Families<Histogram, prometheus::Histogram> histograms;
};

Everything& everything() {
  static Everything all;
  return all;
}

Labels bounded(const Labels& labels, std::size_t used) {
  if (used < most_series) return labels;
  Labels other = labels;
  for (auto& [name, value] : other) value = "other";
  return other;
}

/// Finds or makes a metric; `build` and `add` differ by kind.
template <class Metric, class Inner, class Build, class Add>
Metric& obtain(Families<Metric, Inner>& families, std::string_view name, const Labels& labels,
               Build build, Add add) {
  const std::scoped_lock lock(everything().mutex);
  auto found = families.find(name);
  if (found == families.end()) {
    found = families.emplace(std::string(name), Family<Metric, Inner>{}).first;
    build(found->second);
  }
  auto& family = found->second;
  if (const auto old = family.series.find(labels); old != family.series.end()) return *old->second;
  const Labels kept = bounded(labels, family.series.size());
  auto& slot = family.series[kept];
  if (!slot) slot = std::make_unique<Metric>(add(family, kept));
  return *slot;
}

}  // namespace

void Counter::add(double amount) { inner_.Increment(amount); }
double Counter::value() const { return inner_.Value(); }
void Gauge::set(double value) { inner_.Set(value); }
void Gauge::add(double amount) { inner_.Increment(amount); }
void Gauge::subtract(double amount) { inner_.Decrement(amount); }
double Gauge::value() const { return inner_.Value(); }
void Histogram::observe(double value) { inner_.Observe(value); }

Counter& counter(std::string_view name, std::string_view help, const Labels& labels) {
  return obtain(
      everything().counters, name, labels,
      [&](auto& family) {
        family.inner = &prometheus::BuildCounter()
                            .Name(std::string(name))
                            .Help(std::string(help))
                            .Register(everything().registry);
      },
      [](auto& family, const Labels& kept) -> prometheus::Counter& {
        return family.inner->Add(kept);
      });
}

Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels) {
  return obtain(
      everything().gauges, name, labels,
      [&](auto& family) {
        family.inner = &prometheus::BuildGauge()
                            .Name(std::string(name))
                            .Help(std::string(help))
                            .Register(everything().registry);
      },
      [](auto& family, const Labels& kept) -> prometheus::Gauge& {
        return family.inner->Add(kept);
      });
}

Histogram& histogram(std::string_view name, std::string_view help,
                     const std::vector<double>& buckets, const Labels& labels) {
  static const std::vector<double> seconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                           0.5,   1,      2.5,   5,    10,    30,   60};
  return obtain(
      everything().histograms, name, labels,
      [&](auto& family) {
        family.buckets = buckets.empty() ? seconds : buckets;
        family.inner = &prometheus::BuildHistogram()
                            .Name(std::string(name))
                            .Help(std::string(help))
                            .Register(everything().registry);
      },
      [](auto& family, const Labels& kept) -> prometheus::Histogram& {
        return family.inner->Add(kept, family.buckets);
      });
}

std::string render() {
  std::ostringstream stream;
  prometheus::TextSerializer().Serialize(stream, everything().registry.Collect());
  return stream.str();
}

}  // namespace postern::metrics
