// core/async/cancel.h: how a scope tells the coroutines that wait inside it to leave.
#pragma once

#include <coroutine>
#include <cstddef>

namespace postern {

/// A wait that can be broken off. Lives in the frame of the coroutine that waits.
class Cancellable {
 public:
  virtual void on_cancel() noexcept = 0;

 protected:
  virtual ~Cancellable() = default;

 private:
  friend class CancelScope;
  Cancellable* previous_ = nullptr;
  Cancellable* next_ = nullptr;
};

/// What a group of coroutines shares: once cancelled, each wait inside it ends by throwing
/// Cancelled, now and from then on. A scope made inside another follows it. Single-loop.
class CancelScope final : private Cancellable {
 public:
  explicit CancelScope(CancelScope* parent = nullptr);
  ~CancelScope();
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;

  void cancel() noexcept;
  bool is_cancelled() const noexcept { return cancelled_; }

  void add(Cancellable& wait) noexcept;
  void remove(Cancellable& wait) noexcept;

 private:
  void on_cancel() noexcept override { cancel(); }

  CancelScope* parent_;
  Cancellable* first_ = nullptr;
  bool cancelled_ = false;
};

}  // namespace postern
