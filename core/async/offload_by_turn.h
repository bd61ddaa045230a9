// core/async/offload_by_turn.h: blocking work that waits its turn, and is dropped when nobody wants
// it any more.
#pragma once

#include "core/async/fair_pool.h"
#include "core/async/wait.h"

namespace postern {

namespace detail {

/// Awaits the end of a job. A cancellation takes out a job that still waits; one that has begun
/// works on the frame of the one who waits, and its end is awaited.
class OffloadedByTurn : public Wait {
 public:
  OffloadedByTurn(FairPool& pool, FairPool::Turn turn, std::function<void()> job)
      : pool_(pool), turn_(std::move(turn)), job_(std::move(job)) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    CancelScope* const scope = handle.promise().scope;
    is_dropped_ = scope != nullptr && scope->is_cancelled();
    if (is_dropped_) return false;
    suspend(handle, false);
    Loop& home = Loop::current();
    ticket_ = pool_.submit(std::move(turn_), [this, &home] {
      job_();
      home.post([this] { wake(); });
    });
    if (!ticket_) throw IoError("too many jobs wait for their turn");
    if (scope != nullptr) withdrawal_.emplace(*scope, *this);
    return true;
  }
  void await_resume() {
    withdrawal_.reset();
    if (is_dropped_) throw Cancelled();
  }

 private:
  struct Withdrawal final : postern::Cancellable {
    Withdrawal(CancelScope& its_scope, OffloadedByTurn& its_wait)
        : scope(&its_scope), wait(its_wait) {
      scope->add(*this);
    }
    ~Withdrawal() {
      if (scope != nullptr) scope->remove(*this);
    }
    void on_cancel() noexcept override {
      scope = nullptr;
      wait.is_dropped_ = wait.pool_.withdraw(*wait.ticket_);
      if (wait.is_dropped_) wait.wake();
    }
    CancelScope* scope;
    OffloadedByTurn& wait;
  };

  FairPool& pool_;
  FairPool::Turn turn_;
  std::function<void()> job_;
  std::optional<FairPool::Ticket> ticket_;
  std::optional<Withdrawal> withdrawal_;
  bool is_dropped_ = false;
};

}  // namespace detail

/// Runs `work` in `pool` when it is its turn; gives what it returns or throws what it throws. When
/// the scope is cancelled first, it never runs, and Cancelled is thrown; work that has begun is
/// awaited, and its outcome given. IoError when there is no room to wait.
template <class F>
Task<std::invoke_result_t<F>> offload_by_turn(FairPool& pool, FairPool::Turn turn, F work) {
  detail::Outcome<std::invoke_result_t<F>> outcome;
  co_await detail::OffloadedByTurn(pool, std::move(turn), [&] {
    try {
      outcome.value.template emplace<1>(work());
    } catch (...) {
      outcome.value.template emplace<2>(std::current_exception());
    }
  });
  co_return outcome.take();
}

}  // namespace postern
