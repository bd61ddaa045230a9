// core/async/timer.h: waiting for a while, and limiting how long something may take.
#pragma once

#include <string>

#include "core/async/wait.h"

namespace postern {

/// `co_await sleep_for(5s)`: by the clock of the loop. Throws Cancelled when the scope is
/// cancelled.
class sleep_for : public Wait, private TimerHook {
 public:
  explicit sleep_for(std::chrono::milliseconds wait) : wait_(wait) {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    if (!suspend(handle)) return false;
    start(wait_);
    return true;
  }
  void await_resume() const { finish(); }

 private:
  void time_is_up() override { wake(); }
  void withdraw() noexcept override { stop(); }
  std::chrono::milliseconds wait_;
};

/// Cancels a scope when its time is up.
class Deadline final : private TimerHook {
 public:
  Deadline(CancelScope& scope, std::chrono::milliseconds limit) : scope_(scope) { start(limit); }
  bool has_passed() const noexcept { return passed_; }

 private:
  void time_is_up() override {
    passed_ = true;
    scope_.cancel();
  }
  CancelScope& scope_;
  bool passed_ = false;
};

/// Awaits `task` for at most `limit`; then cancels it, waits for its end, and throws Timeout.
template <class T>
Task<T> with_timeout(std::chrono::milliseconds limit, Task<T> task) {
  CancelScope* const outer = co_await this_scope();
  CancelScope scope(outer);
  Deadline deadline(scope, limit);
  task.handle().promise().scope = &scope;
  try {
    co_return co_await std::move(task);
  } catch (const Cancelled&) {
    if (!deadline.has_passed() || (outer != nullptr && outer->is_cancelled())) throw;
  }
  throw Timeout("not done within " + std::to_string(limit.count()) + " ms");
}

}  // namespace postern
