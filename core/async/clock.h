// core/async/clock.h: what time it is on a loop; real, unless a test holds it.
#pragma once

#include <chrono>
#include <optional>

namespace postern {

/// The two times of one loop, which move together: a steady one to wait by, and the wall's, which
/// people and peers read. For the thread of that loop; a thread without a loop is given the time.
class Clock {
 public:
  std::chrono::steady_clock::time_point now() const {
    if (held_) [[unlikely]]
      return held_->now;
    return std::chrono::steady_clock::now() + ahead_;
  }
  std::chrono::system_clock::time_point wall_now() const {
    if (held_) [[unlikely]]
      return held_->wall_now;
    return std::chrono::system_clock::now() + ahead_;
  }

  /// Does it stand still, and moves only when somebody moves it?
  bool is_held() const { return held_.has_value(); }

 private:
  friend class ManualClock;  // tests/support/manual_clock.h
  struct Moment {
    std::chrono::steady_clock::time_point now;
    std::chrono::system_clock::time_point wall_now;
  };
  std::optional<Moment> held_;
  std::chrono::steady_clock::duration
      ahead_{};  ///< what a test has moved it by; it never goes back
};

}  // namespace postern
