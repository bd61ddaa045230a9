// queue/model/retry_schedule.h: when to try a deferred message again, and when to give up.
#pragma once

#include <chrono>
#include <optional>

namespace postern::queue {

/// The waits between attempts. Pure: reads no clock, keeps no state, rolls no dice.
class RetrySchedule {
 public:
  struct Settings {
    std::chrono::milliseconds first = std::chrono::minutes(1);
    double factor = 2;
    std::chrono::milliseconds max = std::chrono::hours(4);
    double jitter = 0.1;  ///< plus or minus that share
    std::chrono::milliseconds expire = std::chrono::hours(24 * 5);
    std::chrono::milliseconds warn_after = std::chrono::hours(4);  ///< 0: never
  };
  explicit RetrySchedule(Settings settings);

  /// The wait after the `failures`th failed attempt (1 or more) of a message that is `age` old.
  /// None once its lifetime is over: bounce it. The last wait is cut so that it ends with the
  /// lifetime. `dice` is uniform in [0, 1).
  /// Shorter at first than the 30 minutes of RFC 5321 §4.5.4.1, so that greylisting costs a minute.
  std::optional<std::chrono::milliseconds> next_wait(unsigned failures,
                                                     std::chrono::milliseconds age,
                                                     double dice) const;
  /// Is it time to tell the sender of the delay?
  bool should_warn(std::chrono::milliseconds age, bool warned) const;

 private:
  Settings settings_;
};

}  // namespace postern::queue
