// tests/support/next_turn.h: lets everybody else go first.
#pragma once

#include "core/async/wait.h"

namespace postern::test {

/// `co_await next_turn()`: goes on when the loop has run what was ready and has looked once at
/// what its sockets and threads have for it.
class next_turn : public Wait {
 public:
  next_turn() = default;
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    suspend(handle, false);  // the loop holds on to it until then
    Loop::current().post([this] { wake(); });
    return true;
  }
  void await_resume() const noexcept {}
};

}  // namespace postern::test
