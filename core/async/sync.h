// core/async/sync.h: what coroutines of one loop wait for each other with.
#pragma once

#include <deque>
#include <list>
#include <optional>

#include "core/async/wait.h"

namespace postern {

/// Waits in order of arrival. The building block of Event, Mutex and Channel.
class WaitList {
 public:
  WaitList() = default;
  WaitList(const WaitList&) = delete;
  ~WaitList() { POSTERN_ASSERT(waits_.empty()); }

  class Waiter : public Wait {
   public:
    explicit Waiter(WaitList& list, bool cancellable = true)
        : list_(list), cancellable_(cancellable) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> handle) {
      if (!suspend(handle, cancellable_)) return false;
      place_ = list_.waits_.insert(list_.waits_.end(), this);
      return true;
    }
    void await_resume() const { finish(); }

   private:
    friend class WaitList;
    void withdraw() noexcept override { list_.waits_.erase(place_); }
    WaitList& list_;
    bool cancellable_;
    std::list<Waiter*>::iterator place_;
  };

  Waiter wait() { return Waiter(*this); }
  Waiter wait_to_the_end() { return Waiter(*this, false); }  ///< not broken off by cancellation
  bool empty() const noexcept { return waits_.empty(); }
  void wake_one() noexcept {
    if (waits_.empty()) return;
    Waiter* const first = waits_.front();
    waits_.pop_front();
    first->wake();
  }
  void wake_all() noexcept {
    while (!waits_.empty()) wake_one();
  }

 private:
  std::list<Waiter*> waits_;
};

/// A flag that can be waited for.
class Event {
 public:
  void set() noexcept {
    set_ = true;
    waits_.wake_all();
  }
  void reset() noexcept { set_ = false; }
  bool is_set() const noexcept { return set_; }
  Task<> wait() {
    while (!set_) co_await waits_.wait();
  }
  Task<> wait_to_the_end() {
    while (!set_) co_await waits_.wait_to_the_end();
  }

 private:
  bool set_ = false;
  WaitList waits_;
};

/// One holder at a time, in order of arrival.
class Mutex {
 public:
  class Guard {
   public:
    explicit Guard(Mutex& mutex) : mutex_(&mutex) {}
    Guard(Guard&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
    Guard& operator=(Guard&&) = delete;
    ~Guard() {
      if (mutex_ != nullptr) mutex_->unlock();
    }

   private:
    Mutex* mutex_;
  };

  Task<Guard> lock() {
    while (held_) co_await waits_.wait();
    held_ = true;
    co_return Guard(*this);
  }

 private:
  void unlock() noexcept {
    held_ = false;
    waits_.wake_one();
  }
  bool held_ = false;
  WaitList waits_;
};

/// A bounded queue. A full one makes the sender wait; a closed one gives what it still holds, then
/// nothing.
template <class T>
class Channel {
 public:
  explicit Channel(std::size_t capacity) : capacity_(capacity) {}

  Task<bool> send(T item) {  ///< false when closed
    while (!closed_ && items_.size() >= capacity_) co_await senders_.wait();
    co_return try_send(std::move(item));
  }
  bool try_send(T&& item) {  ///< false when closed or full
    if (closed_ || items_.size() >= capacity_) return false;
    items_.push_back(std::move(item));
    receivers_.wake_one();
    return true;
  }
  Task<std::optional<T>> receive() {
    while (items_.empty() && !closed_) co_await receivers_.wait();
    if (items_.empty()) co_return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    senders_.wake_one();
    co_return item;
  }
  void close() noexcept {
    closed_ = true;
    senders_.wake_all();
    receivers_.wake_all();
  }
  std::size_t size() const noexcept { return items_.size(); }

 private:
  std::size_t capacity_;
  bool closed_ = false;
  std::deque<T> items_;
  WaitList senders_, receivers_;
};

/// Closes a channel when its sender ends, in whatever way.
template <class T>
class ChannelCloser {
 public:
  explicit ChannelCloser(Channel<T>& channel) : channel_(channel) {}
  ChannelCloser(const ChannelCloser&) = delete;
  ~ChannelCloser() { channel_.close(); }

 private:
  Channel<T>& channel_;
};

}  // namespace postern
