// core/async/pace.h: long work in short steps, so that everybody else on the loop, or in the pool,
// is served between.
#pragma once

#include <chrono>

#include "core/async/offload.h"
#include "core/async/timer.h"

namespace postern {

/// How long one step has lasted. By the system's clock, not the loop's: it measures work.
class Step {
 public:
  static constexpr std::chrono::milliseconds longest{4};
  bool is_over() const { return std::chrono::steady_clock::now() - began_ >= longest; }
  void begin() { began_ = std::chrono::steady_clock::now(); }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

/// For work on a loop: `co_await pace.give_way()` between its pieces lets the loop turn when the
/// step has lasted long enough, and throws Cancelled when the scope is cancelled meanwhile.
class Pace {
 public:
  class Pause : public sleep_for {
   public:
    explicit Pause(Pace& pace)
        : sleep_for(std::chrono::milliseconds(0)), pace_(pace), is_due_(pace.step_.is_over()) {}
    bool await_ready() const noexcept { return !is_due_; }
    void await_resume() const {
      if (is_due_) pace_.step_.begin();
      sleep_for::await_resume();
    }

   private:
    Pace& pace_;
    bool is_due_;
  };
  Pause give_way() { return Pause(*this); }

 private:
  Step step_;
};

/// For work in a pool: calls `work` there, which returns when its Step is over, until it says that
/// nothing is left (false). Other jobs come between; so does a cancellation.
template <class F>
Task<> in_steps(ThreadPool& pool, F work) {
  while (co_await offload(pool, [&work] { return work(); })) {
  }
}

}  // namespace postern
