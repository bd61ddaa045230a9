// core/net/while_connected.h: work for a client ends when the client has left.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/async/timer.h"
#include "core/net/stream.h"

namespace postern::net {

/// Cancels a scope when the client is gone: its connection was reset, or it has finished sending
/// and nothing has gone out to it for a while. Nobody reads while work is done for it, so the
/// kernel is asked now and then. Who has only shut down his side is served as long as he takes
/// something.
class ClientWatch final : private TimerHook {
 public:
  ClientWatch(CancelScope& scope, const Stream& stream) : scope_(scope), stream_(stream) {
    start(look_every);
  }
  bool has_left() const { return has_left_; }

 private:
  static constexpr std::chrono::milliseconds look_every{250};
  static constexpr int looks_in_silence = 6;

  void time_is_up() override {
    const PeerState state = stream_.peer_state();
    const bool is_silent = state == PeerState::finished && stream_.taken() == taken_;
    silent_looks_ = is_silent ? silent_looks_ + 1 : 0;
    taken_ = stream_.taken();
    has_left_ = state == PeerState::gone || silent_looks_ >= looks_in_silence;
    if (has_left_) return scope_.cancel();
    start(look_every);
  }

  CancelScope& scope_;
  const Stream& stream_;
  std::uint64_t taken_ = 0;
  int silent_looks_ = 0;
  bool has_left_ = false;
};

/// Awaits `task` as long as the client of `stream` is there; then cancels it, waits for its end,
/// and throws ConnectionClosed. For work that computes; what reads from the stream notices by it.
template <class T>
Task<T> while_connected(const Stream& stream, Task<T> task) {
  CancelScope* const outer = co_await this_scope();
  CancelScope scope(outer);
  ClientWatch watch(scope, stream);
  task.handle().promise().scope = &scope;
  try {
    co_return co_await std::move(task);
  } catch (const Cancelled&) {
    if (!watch.has_left() || (outer != nullptr && outer->is_cancelled())) throw;
  }
  throw ConnectionClosed("the client has left");
}

}  // namespace postern::net
