// tests/support/manual_clock.cc: moves a loop's clock from one timer to the next.
#include "tests/support/manual_clock.h"

#include "core/assert.h"

namespace postern {

ManualClock::ManualClock(Loop& loop, std::optional<std::chrono::system_clock::time_point> wall_now)
    : loop_(loop) {
  Clock& clock = loop_.clock_;
  POSTERN_ASSERT(!clock.is_held());
  clock.held_ = Clock::Moment{clock.now(), wall_now.value_or(clock.wall_now())};
  loop_.arm_timer();
}

ManualClock::~ManualClock() {
  Clock& clock = loop_.clock_;
  clock.ahead_ = clock.held_->now - std::chrono::steady_clock::now();
  clock.held_.reset();
  loop_.arm_timer();
}

Task<> ManualClock::advance(std::chrono::milliseconds by) {
  const auto end = loop_.now() + by;
  co_await until_all_wait();
  while (!loop_.timers_.empty() && loop_.timers_.begin()->first <= end) {
    set(std::max(loop_.now(), loop_.timers_.begin()->first));
    loop_.fire_timers();
    co_await until_all_wait();
  }
  set(end);
}

/// Goes to the end of the line of who is ready on the loop.
struct ManualClock::OthersFirst {
  Loop& loop;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) const { loop.resume_soon(handle); }
  void await_resume() const noexcept {}
};

Task<> ManualClock::until_all_wait() {
  do {
    co_await OthersFirst{loop_};
  } while (loop_.running_.size() > 1 || !loop_.ready_.empty());
}

void ManualClock::set(std::chrono::steady_clock::time_point to) {
  Clock::Moment& moment = *loop_.clock_.held_;
  moment.wall_now +=
      std::chrono::duration_cast<std::chrono::system_clock::duration>(to - moment.now);
  moment.now = to;
}

}  // namespace postern
