// tests/support/eventually.h: waits for what a test needs, with a deadline, and says what it was.
#pragma once

#include <stdexcept>
#include <string>
#include <thread>

#include "core/async/wait.h"

namespace postern::test {

using namespace std::chrono_literals;

constexpr std::chrono::seconds long_enough{10};  ///< for a machine with much else to do

namespace detail {

/// A moment by the real clock, whatever a ManualClock holds, in which the loop and others work.
class Moment : public Wait {
 public:
  Moment() = default;
  ~Moment() override {
    if (timer_ == nullptr) return;
    uv_close(reinterpret_cast<uv_handle_t*>(timer_),
             [](uv_handle_t* closed) { delete reinterpret_cast<uv_timer_t*>(closed); });
  }
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    if (!suspend(handle)) return false;
    uv_loop_t* const loop = Loop::current().uv();
    timer_ = new uv_timer_t{};
    timer_->data = this;
    uv_timer_init(loop, timer_);
    uv_update_time(loop);
    uv_timer_start(
        timer_, [](uv_timer_t* timer) { static_cast<Moment*>(timer->data)->wake(); }, 1, 0);
    return true;
  }
  void await_resume() const { finish(); }

 private:
  uv_timer_t* timer_ = nullptr;
};

template <class Condition>
Task<bool> holds(Condition& condition) {
  if constexpr (std::is_same_v<decltype(condition()), Task<bool>>)
    co_return co_await condition();
  else
    co_return condition();
}

inline std::runtime_error never(const std::string& what, std::chrono::milliseconds limit) {
  return std::runtime_error("not within " + std::to_string(limit.count()) + " ms: " + what);
}

}  // namespace detail

/// Does `condition` come to hold within `limit` of real time? It gives a bool or a Task<bool>, and
/// is asked after each turn of the loop, a millisecond apart at least.
template <class Condition>
Task<bool> holds_within(std::chrono::milliseconds limit, Condition condition) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!co_await detail::holds(condition)) {
    if (std::chrono::steady_clock::now() >= end) co_return false;
    co_await detail::Moment();
  }
  co_return true;
}

/// Awaits that `condition` holds. Throws what it waited for in vain.
template <class Condition>
Task<> eventually(std::string what, Condition condition,
                  std::chrono::milliseconds limit = long_enough) {
  if (!co_await holds_within(limit, std::move(condition))) throw detail::never(what, limit);
}

/// The same on a thread without a loop.
template <class Condition>
void block_until(const std::string& what, Condition condition,
                 std::chrono::milliseconds limit = long_enough) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) throw detail::never(what, limit);
    std::this_thread::sleep_for(1ms);
  }
}

}  // namespace postern::test
