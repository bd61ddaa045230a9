// core/metrics.h: what is counted, for `GET /metrics`. Ask for a metric once and keep the
// reference.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace postern::metrics {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  explicit Counter(prometheus::Counter& inner) : inner_(inner) {}
  void add(double amount = 1);
  double value() const;

 private:
  prometheus::Counter& inner_;
};

class Gauge {
 public:
  explicit Gauge(prometheus::Gauge& inner) : inner_(inner) {}
  void set(double value);
  void add(double amount = 1);
  void subtract(double amount = 1);
  double value() const;

 private:
  prometheus::Gauge& inner_;
};

class Histogram {
 public:
  explicit Histogram(prometheus::Histogram& inner) : inner_(inner) {}
  void observe(double value);

 private:
  prometheus::Histogram& inner_;
};

/// Process-wide: a count belongs to the process, whoever adds to it. Any thread. The same name and
/// labels give the same metric. Names begin with `postern_`; a family has at most 1000 sets of
/// labels, what comes later counts under the values "other". Label values may be any bytes.
Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
/// `buckets`: ascending upper bounds; those of the first call count. Empty: for seconds, 1 ms
/// to 60.
Histogram& histogram(std::string_view name, std::string_view help,
                     const std::vector<double>& buckets = {}, const Labels& labels = {});

/// Everything, in Prometheus' text format.
std::string render();

}  // namespace postern::metrics
