// queue/model/retry_schedule.cc: exponential back-off with jitter.
#include "queue/model/retry_schedule.h"

#include <algorithm>
#include <cmath>

namespace postern::queue {

using std::chrono::milliseconds;

RetrySchedule::RetrySchedule(Settings settings) : settings_(settings) {}

std::optional<milliseconds> RetrySchedule::next_wait(unsigned failures, milliseconds age,
                                                     double dice) const {
  if (age >= settings_.expire) return std::nullopt;
  const double exponent = failures > 0 ? failures - 1 : 0;
  const double first = static_cast<double>(settings_.first.count());
  const double most = static_cast<double>(settings_.max.count());
  const double plain = std::min(most, first * std::pow(settings_.factor, exponent));
  const double spread = std::max(1.0, plain * (1 + settings_.jitter * (2 * dice - 1)));
  // Compared before it is cut to milliseconds, of which there may be too few for it.
  const milliseconds left = settings_.expire - age;
  if (spread >= static_cast<double>(left.count())) return left;
  return milliseconds(static_cast<std::int64_t>(spread));
}

bool RetrySchedule::should_warn(milliseconds age, bool warned) const {
  return !warned && settings_.warn_after.count() > 0 && age >= settings_.warn_after;
}

}  // namespace postern::queue
