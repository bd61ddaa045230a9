// core/async/timer_hook.h: something that a loop calls when its time has come.
#pragma once

#include <chrono>
#include <map>
#include <optional>

namespace postern {

/// A one-shot timer on the current loop, by the clock of that loop; stops itself when destroyed.
class TimerHook {
 public:
  void start(std::chrono::milliseconds wait);  ///< starts over when it runs; a year at most
  void stop() noexcept;
  /// Called by the loop, which runs no coroutine meanwhile: wake one, or cancel a scope.
  virtual void time_is_up() = 0;

 protected:
  TimerHook() = default;
  TimerHook(const TimerHook&) = delete;
  TimerHook& operator=(const TimerHook&) = delete;
  virtual ~TimerHook() { stop(); }

 private:
  friend class Loop;
  using Place = std::multimap<std::chrono::steady_clock::time_point, TimerHook*>::iterator;
  class Loop* loop_ = nullptr;
  std::optional<Place> place_;
};

}  // namespace postern
