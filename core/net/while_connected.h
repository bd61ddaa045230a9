// core/net/while_connected.h: work for a client ends when the client leaves.
#pragma once

#include "core/async/timer.h"
#include "core/net/stream.h"

namespace postern::net {

namespace detail {

/// Looks after a client now and then, and cancels a scope once it has left.
class Watch final : private TimerHook {
 public:
  Watch(CancelScope& scope, const Stream& stream) : scope_(scope), stream_(stream) { start(pause); }
  bool has_left() const noexcept { return has_left_; }

 private:
  static constexpr std::chrono::milliseconds pause{250};
  void time_is_up() override {
    has_left_ = stream_.has_peer_left();
    if (has_left_) return scope_.cancel();
    start(pause);
  }
  CancelScope& scope_;
  const Stream& stream_;
  bool has_left_ = false;
};

}  // namespace detail

/// Awaits `task`; cancels it when the client leaves meanwhile, waits for its end, and throws
/// ConnectionClosed. Whoever only ends his sending counts as gone, too, if the work takes longer
/// than a quarter of a second: nobody can tell the two apart.
template <class T>
Task<T> while_connected(const Stream& stream, Task<T> task) {
  CancelScope* const outer = co_await this_scope();
  CancelScope scope(outer);
  const detail::Watch watch(scope, stream);
  task.handle().promise().scope = &scope;
  try {
    co_return co_await std::move(task);
  } catch (const Cancelled&) {
    if (!watch.has_left() || (outer != nullptr && outer->is_cancelled())) throw;
  }
  throw ConnectionClosed("the client has left");
}

}  // namespace postern::net
