// core/async/loop.h: one libuv loop, the coroutines that are ready to run on it, and its timers.
#pragma once

#include <uv.h>

#include <atomic>
#include <chrono>
#include <coroutine>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "core/async/clock.h"
#include "core/async/task.h"
#include "core/async/timer_hook.h"

namespace postern {

/// Something that wants to act once at the end of this turn, such as sending what all sessions have
/// queued.
class TurnEnd {
 public:
  virtual void turn_ended() = 0;

 protected:
  TurnEnd() = default;
  TurnEnd(const TurnEnd&) = delete;
  virtual ~TurnEnd();

 private:
  friend class Loop;
  class Loop* queued_on_ = nullptr;
};

/// A loop for one thread. A turn: run what is ready, let the turn's end act, then wait for events.
/// Coroutines are resumed from the ready queue only, never inside a callback of libuv.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  uv_loop_t* uv() { return &uv_; }
  static Loop& current();  ///< the loop that this thread runs (or made first)

  void run();                             ///< until stop()
  void stop();                            ///< thread-safe
  void post(std::function<void()> work);  ///< thread-safe: `work` runs on this loop's thread
  void resume_soon(std::coroutine_handle<> coroutine) {
    ready_.push_back(coroutine);
    // UV_RUN_ONCE runs timers and pending callbacks first and would then sleep all the same.
    if (inside_uv_) uv_stop(&uv_);
  }
  void at_turn_end(TurnEnd& hook);  ///< once; again from inside turn_ended() if need be

  /// What time it is here: all that decides by time asks its loop, or is told. Not thread-safe.
  std::chrono::steady_clock::time_point now() const { return clock_.now(); }
  std::chrono::system_clock::time_point wall_now() const { return clock_.wall_now(); }

  /// Runs the loop until `task` ends; gives its result or throws its exception. For tests and the
  /// command line.
  template <class T>
  T run_until_done(Task<T> task);

  /// 64 KiB that every read of this loop goes through first, so that an idle connection owns no
  /// buffer.
  std::span<char> scratch() { return scratch_; }

 private:
  friend class TurnEnd;
  friend class TimerHook;
  friend class ManualClock;  // tests/support/manual_clock.h
  void turn();
  void run_posted();
  void run_ready();
  void arm_timer();
  void fire_timers();

  Clock clock_;
  uv_loop_t uv_{};
  uv_async_t wake_{};
  uv_timer_t timer_{};
  bool inside_uv_ = false;
  std::atomic<bool> stopped_ = false;
  std::vector<std::coroutine_handle<>> ready_, running_;
  std::vector<TurnEnd*> turn_ends_;
  std::multimap<std::chrono::steady_clock::time_point, TimerHook*> timers_;
  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;
  std::vector<char> scratch_;
};

namespace detail {

/// A coroutine that starts on the next turn and frees itself at its end.
struct Detached {
  struct promise_type {
    CancelScope* scope = nullptr;
    template <class... Rest>
    explicit promise_type(CancelScope* within, Rest&...) : scope(within) {}
    Detached get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

template <class T>
struct Outcome {
  std::variant<std::monostate, T, std::exception_ptr> value;
  T take() {
    if (value.index() == 2) std::rethrow_exception(std::get<2>(std::move(value)));
    return std::get<1>(std::move(value));
  }
};
template <>
struct Outcome<void> {
  std::exception_ptr failure;
  void take() {
    if (failure) std::rethrow_exception(failure);
  }
};

/// Awaits `task` into `outcome`; never throws.
template <class T>
Task<> settle_into(Outcome<T>* outcome, Task<T> task) {
  try {
    if constexpr (std::is_void_v<T>)
      co_await std::move(task);
    else
      outcome->value.template emplace<1>(co_await std::move(task));
  } catch (...) {
    if constexpr (std::is_void_v<T>)
      outcome->failure = std::current_exception();
    else
      outcome->value.template emplace<2>(std::current_exception());
  }
}

inline Detached run_to_flag(CancelScope*, Task<> task, Loop* loop, bool* done) {
  co_await std::move(task);
  *done = true;
  loop->post([] {});  // so that the turn does not go to sleep
}

}  // namespace detail

template <class T>
T Loop::run_until_done(Task<T> task) {
  detail::Outcome<T> outcome;
  bool done = false;
  resume_soon(
      detail::run_to_flag(nullptr, detail::settle_into(&outcome, std::move(task)), this, &done)
          .handle);
  while (!done) turn();
  return outcome.take();
}

}  // namespace postern
