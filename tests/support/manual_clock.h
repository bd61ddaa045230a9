// tests/support/manual_clock.h: a loop's clock in the hand of a test.
#pragma once

#include <optional>

#include "core/async/loop.h"

namespace postern {

/// Holds the clock of `loop` while it lives: nothing is due until the test moves the time. When it
/// is let go, time goes on from where it stands. What happens outside of the loop (threads, peers,
/// Redis) keeps its own time.
class ManualClock {
 public:
  /// `wall_now`: what the wall says; the real time unless given.
  explicit ManualClock(Loop& loop,
                       std::optional<std::chrono::system_clock::time_point> wall_now = {});
  ~ManualClock();
  ManualClock(const ManualClock&) = delete;
  ManualClock& operator=(const ManualClock&) = delete;

  /// Moves the time on, from one due timer to the next. Whom each wakes runs, at that very time,
  /// until everybody waits again; only then does time go on. Who waits for something outside of
  /// the loop does not hold it up. One at a time.
  Task<> advance(std::chrono::milliseconds by);

  /// How many timers are set.
  std::size_t timers() const { return loop_.timers_.size(); }

 private:
  struct OthersFirst;
  Task<> until_all_wait();
  void set(std::chrono::steady_clock::time_point to);

  Loop& loop_;
};

}  // namespace postern
