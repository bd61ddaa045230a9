// core/net/stream_waits.h: what a coroutine awaits of a stream: input, or room for output.
#pragma once

#include <chrono>
#include <coroutine>

#include "core/async/timer_hook.h"
#include "core/async/wait.h"
#include "core/net/input_buffer.h"

namespace postern::net::detail {

struct Connection;

/// A wait for input. Ready at once when what it wants is buffered.
class ReadWait : public Wait, private TimerHook {
 public:
  /// `readable`: something that was not shown yet; `ready`: the filters agree with the peer; `end`:
  /// the peer's farewell, all before it is dropped.
  enum class For { line, some, readable, ready, end };
  ReadWait(Connection& connection, For what, std::size_t limit, std::chrono::milliseconds timeout)
      : connection_(connection), what_(what), limit_(limit), timeout_(timeout) {}
  bool await_ready();
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    if (!suspend(handle)) return false;
    begin();
    return true;
  }
  void await_resume() { conclude(); }
  bool waits_for_end() const { return what_ == For::end; }

 protected:
  ~ReadWait() = default;
  void conclude();
  InputBuffer::Line got_;

 private:
  friend struct Connection;
  bool take();
  bool take_buffered();
  void begin();
  void arrived();
  void interrupt();
  void end() noexcept;
  void time_is_up() override;
  void withdraw() noexcept override { end(); }

  Connection& connection_;
  For what_;
  std::size_t limit_;
  std::chrono::milliseconds timeout_;
  bool failed_ = false, timed_out_ = false, interrupted_ = false;
};

/// A wait for output to leave, until at most `target` octets are unsent.
class [[nodiscard]] DrainWait final : public Wait, private TimerHook {
 public:
  DrainWait(Connection& connection, std::size_t high, std::size_t target,
            std::chrono::milliseconds timeout)
      : connection_(connection), high_(high), target_(target), timeout_(timeout) {}
  bool await_ready();
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    if (!suspend(handle)) return false;
    begin();
    return true;
  }
  void await_resume();

 private:
  friend struct Connection;
  void begin();
  void progressed();
  void end() noexcept;
  void time_is_up() override;
  void withdraw() noexcept override { end(); }

  Connection& connection_;
  std::size_t high_, target_;
  std::chrono::milliseconds timeout_;
  bool timed_out_ = false;
};

}  // namespace postern::net::detail
