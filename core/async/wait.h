// core/async/wait.h: the one way in which a coroutine of ours suspends.
#pragma once

#include "core/async/loop.h"
#include "core/error.h"

namespace postern {

/// Base of awaiters. `suspend` registers the coroutine with its scope, `wake` lets it go on next
/// turn. `finish`, called by await_resume, throws Cancelled if the wait was broken off. Lives in
/// the awaiting frame.
class Wait : private Cancellable {
 public:
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;

  bool is_waiting() const noexcept { return waiting_; }
  void wake() noexcept {
    if (!waiting_) return;
    waiting_ = false;
    if (scope_ != nullptr) scope_->remove(*this);
    scope_ = nullptr;
    loop_->resume_soon(handle_);
  }

 protected:
  Wait() = default;
  virtual ~Wait() = default;

  /// For await_suspend: false when the scope is cancelled already, and the coroutine goes straight
  /// on.
  template <class Promise>
  bool suspend(std::coroutine_handle<Promise> handle, bool cancellable = true) {
    CancelScope* const scope = cancellable ? handle.promise().scope : nullptr;
    if (scope != nullptr && scope->is_cancelled()) {
      cancelled_ = true;
      return false;
    }
    handle_ = handle;
    loop_ = &Loop::current();
    waiting_ = true;
    scope_ = scope;
    if (scope_ != nullptr) scope_->add(*this);
    return true;
  }
  void finish() const {
    if (cancelled_) throw Cancelled();
  }
  bool was_cancelled() const noexcept { return cancelled_; }

  /// The wait is being broken off: take yourself out of the lists of whom you wait for.
  virtual void withdraw() noexcept {}

 private:
  void on_cancel() noexcept override {
    scope_ = nullptr;
    cancelled_ = true;
    withdraw();
    wake();
  }

  std::coroutine_handle<> handle_;
  Loop* loop_ = nullptr;
  CancelScope* scope_ = nullptr;
  bool waiting_ = false;
  bool cancelled_ = false;
};

/// `co_await this_scope()`: the cancel scope of the coroutine that asks; may be null.
struct this_scope {
  CancelScope* scope = nullptr;
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) noexcept {
    scope = handle.promise().scope;
    return false;
  }
  CancelScope* await_resume() const noexcept { return scope; }
};

}  // namespace postern
