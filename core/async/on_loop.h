// core/async/on_loop.h: runs a task on another worker's loop and awaits its result on this one.
#pragma once

#include <memory>

#include "core/async/wait.h"

namespace postern {

namespace detail {

/// Shared by both loops until both are done with it.
template <class T>
struct RemoteCall {
  CancelScope scope;  // belongs to the other loop
  Outcome<T> outcome;
  Wait* waiter = nullptr;  // belongs to the home loop; null once resumed
};

template <class T>
Detached run_remotely(CancelScope*, std::shared_ptr<RemoteCall<T>> call, Task<T> task, Loop* home) {
  {
    Task<T> owned = std::move(task);
    co_await settle_into(&call->outcome, std::move(owned));
  }
  Loop* const to = home;
  to->post([call] { call->waiter->wake(); });
}

template <class T>
class RemoteWait : public Wait {
 public:
  RemoteWait(Loop& other, std::shared_ptr<RemoteCall<T>> call, Task<T> task)
      : other_(other), call_(std::move(call)), task_(std::move(task)) {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    suspend(handle, false);
    call_->waiter = this;
    CancelScope* const scope = handle.promise().scope;
    if (scope != nullptr) {
      if (scope->is_cancelled())
        call_->scope.cancel();  // not yet shared
      else
        relay_.emplace(*scope, other_, call_);
    }
    // std::function wants copies; the task travels in a shared box.
    auto box = std::make_shared<Task<T>>(std::move(task_));
    other_.post([call = call_, box, home = &Loop::current()] {
      Loop::current().resume_soon(
          run_remotely<T>(&call->scope, call, std::move(*box), home).handle);
    });
    return true;
  }
  T await_resume() {
    relay_.reset();
    return call_->outcome.take();
  }

 private:
  /// Carries a cancellation of the home scope over to the other loop.
  struct Relay final : postern::Cancellable {
    Relay(CancelScope& from, Loop& other, std::shared_ptr<RemoteCall<T>> to)
        : scope(&from), loop(other), call(std::move(to)) {
      scope->add(*this);
    }
    ~Relay() {
      if (scope != nullptr) scope->remove(*this);
    }
    void on_cancel() noexcept override {
      scope = nullptr;
      loop.post([shared = call] { shared->scope.cancel(); });
    }
    CancelScope* scope;
    Loop& loop;
    std::shared_ptr<RemoteCall<T>> call;
  };

  Loop& other_;
  std::shared_ptr<RemoteCall<T>> call_;
  Task<T> task_;
  std::optional<Relay> relay_;
};

}  // namespace detail

/// Runs `task` on `other`; gives its result here. A cancellation here is carried over, and the end
/// awaited.
template <class T>
Task<T> on_loop(Loop& other, Task<T> task) {
  if (&other == &Loop::current()) co_return co_await std::move(task);
  co_return co_await detail::RemoteWait<T>(other, std::make_shared<detail::RemoteCall<T>>(),
                                           std::move(task));
}

}  // namespace postern
