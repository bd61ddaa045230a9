// core/async/offload.h: blocking work leaves the loop and comes back with its result.
#pragma once

#include "core/async/thread_pool.h"
#include "core/async/wait.h"

namespace postern {

namespace detail {
class Offloaded : public Wait {
 public:
  Offloaded(ThreadPool& pool, std::function<void()> job) : pool_(pool), job_(std::move(job)) {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    // Not broken off in the middle: the job works on the frame of the one who waits.
    suspend(handle, false);
    Loop& home = Loop::current();
    if (pool_.submit([this, &home] {
          job_();
          home.post([this] { wake(); });
        }))
      return true;
    throw IoError("too many blocking jobs are waiting");
  }
  void await_resume() const {}

 private:
  ThreadPool& pool_;
  std::function<void()> job_;
};
}  // namespace detail

/// Runs `work` in `pool`; gives what it returns or throws what it throws. Its end is always
/// awaited; if the scope was cancelled meanwhile, Cancelled is thrown after that. IoError when the
/// pool's queue is full.
template <class F>
Task<std::invoke_result_t<F>> offload(ThreadPool& pool, F work) {
  using T = std::invoke_result_t<F>;
  detail::Outcome<T> outcome;
  co_await detail::Offloaded(pool, [&] {
    try {
      if constexpr (std::is_void_v<T>)
        work();
      else
        outcome.value.template emplace<1>(work());
    } catch (...) {
      if constexpr (std::is_void_v<T>)
        outcome.failure = std::current_exception();
      else
        outcome.value.template emplace<2>(std::current_exception());
    }
  });
  const CancelScope* const scope = co_await this_scope();
  if (scope != nullptr && scope->is_cancelled()) throw Cancelled();
  co_return outcome.take();
}

}  // namespace postern
