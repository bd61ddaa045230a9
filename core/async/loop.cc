// core/async/loop.cc: the turn of a loop: what is ready, what acts at its end, events, timers.
#include "core/async/loop.h"

#include <algorithm>
#include <csignal>
#include <string>

#include "core/error.h"

namespace postern {

namespace {
thread_local Loop* current_loop = nullptr;
constexpr std::size_t scratch_size = 64 * 1024;

void check(int result, const char* what) {
  if (result < 0) throw IoError(std::string(what) + ": " + uv_strerror(result));
}
}  // namespace

TurnEnd::~TurnEnd() {
  if (queued_on_ != nullptr) std::erase(queued_on_->turn_ends_, this);
}

Loop::Loop() : scratch_(scratch_size) {
  // libuv writes without MSG_NOSIGNAL: a peer that is gone is an error of the write, not our end.
  std::signal(SIGPIPE, SIG_IGN);
  check(uv_loop_init(&uv_), "uv_loop_init");
  check(uv_async_init(&uv_, &wake_, [](uv_async_t*) {}), "uv_async_init");
  check(uv_timer_init(&uv_, &timer_), "uv_timer_init");
  timer_.data = this;
  if (current_loop == nullptr) current_loop = this;
}

Loop::~Loop() {
  uv_close(reinterpret_cast<uv_handle_t*>(&wake_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), nullptr);
  // Closed handles call back once more; one that is still open here was leaked by its owner.
  for (int turns = 0; turns < 1000 && uv_run(&uv_, UV_RUN_NOWAIT) != 0; ++turns) {
  }
  POSTERN_ASSERT(uv_loop_close(&uv_) == 0);
  if (current_loop == this) current_loop = nullptr;
}

Loop& Loop::current() {
  POSTERN_ASSERT(current_loop != nullptr);
  return *current_loop;
}

void Loop::run() {
  Loop* const outer = std::exchange(current_loop, this);
  while (!stopped_.load(std::memory_order_acquire)) turn();
  stopped_.store(false, std::memory_order_release);
  current_loop = outer;
}

void Loop::stop() {
  stopped_.store(true, std::memory_order_release);
  uv_async_send(&wake_);
}

void Loop::post(std::function<void()> work) {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(work));
  }
  uv_async_send(&wake_);
}

void Loop::at_turn_end(TurnEnd& hook) {
  if (hook.queued_on_ != nullptr) return;
  hook.queued_on_ = this;
  turn_ends_.push_back(&hook);
  if (inside_uv_) uv_stop(&uv_);
}

void Loop::turn() {
  run_posted();
  run_ready();
  while (!turn_ends_.empty()) {
    TurnEnd& hook = *turn_ends_.back();
    turn_ends_.pop_back();
    hook.queued_on_ = nullptr;
    hook.turn_ended();
  }
  inside_uv_ = true;
  uv_run(&uv_,
         ready_.empty() && !stopped_.load(std::memory_order_acquire) ? UV_RUN_ONCE : UV_RUN_NOWAIT);
  inside_uv_ = false;
}

void Loop::run_posted() {
  std::vector<std::function<void()>> work;
  {
    const std::lock_guard lock(posted_mutex_);
    work.swap(posted_);
  }
  for (auto& item : work) item();
}

void Loop::run_ready() {
  // What becomes ready meanwhile runs in the same turn, but not for ever: events must be looked at
  // in between.
  constexpr int rounds = 32;
  for (int round = 0; round < rounds && !ready_.empty(); ++round) {
    running_.swap(ready_);
    for (const auto coroutine : running_) coroutine.resume();
    running_.clear();
  }
}

void Loop::arm_timer() {
  // Waiting brings nothing nearer while the clock is held: who moves it fires what is due.
  if (timers_.empty() || (clock_.is_held() && timers_.begin()->first > now())) {
    uv_timer_stop(&timer_);
    return;
  }
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first - now());
  uv_update_time(&uv_);
  uv_timer_start(
      &timer_, [](uv_timer_t* timer) { static_cast<Loop*>(timer->data)->fire_timers(); },
      static_cast<std::uint64_t>(std::max<std::int64_t>(wait.count(), 0)), 0);
}

void Loop::fire_timers() {
  const auto until = now();
  while (!timers_.empty() && timers_.begin()->first <= until) {
    TimerHook& hook = *timers_.begin()->second;
    timers_.erase(timers_.begin());
    hook.place_.reset();
    hook.time_is_up();
  }
  arm_timer();
}

void TimerHook::start(std::chrono::milliseconds wait) {
  stop();
  loop_ = &Loop::current();
  const auto due =
      loop_->now() + std::clamp(wait, std::chrono::milliseconds(0),
                                std::chrono::milliseconds(std::chrono::hours(24 * 365)));
  place_ = loop_->timers_.emplace(due, this);
  if (*place_ == loop_->timers_.begin()) loop_->arm_timer();
}

void TimerHook::stop() noexcept {
  // The loop's own timer may now fire too early; it then finds nothing due and sleeps on.
  if (place_) loop_->timers_.erase(*std::exchange(place_, std::nullopt));
}

}  // namespace postern
