// delivery/pace/silent_hosts.h: the hosts that let us wait, and the few slots that attempts at them
// share.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>

#include "core/async/task.h"
#include "core/async/timer_hook.h"
#include "core/async/wait.h"
#include "core/error.h"
#include "core/net/address.h"
#include "delivery/pace/bounds.h"

namespace postern::delivery {

/// A host that is known to let us wait was not tried, or not waited for any longer, for others of
/// its kind have all slots.
class NoSlotForSilent : public IoError {
 public:
  NoSlotForSilent() : IoError("the host keeps us waiting, as do many others now") {}
};

/// On one loop.
class SilentHosts {
 public:
  using Clock = std::chrono::steady_clock;

  bool is_known(const net::Address& address, Clock::time_point now);
  void remember(const net::Address& address, Clock::time_point now);
  void forget(const net::Address& address);

  class Visit;

 private:
  static constexpr std::chrono::hours remembered{1};  // as the trouble of a hop is
  static constexpr std::size_t most_known = 10'000;   // then the oldest is forgotten

  std::map<net::Address, Clock::time_point> known_;  // IPv6 by /64, with the port
  std::size_t visited_ = 0;                          // slots taken
};

/// A connection to one address, from before it is opened to its end. Holds a slot if the host is
/// known to let us wait, or turns out to.
class SilentHosts::Visit final : private TimerHook {
 public:
  /// Throws NoSlotForSilent.
  Visit(SilentHosts& hosts, net::Address address, const Bounds& bounds);
  ~Visit() override;

  /// Awaits `task`, which ends when the host has greeted us. When that takes longer than
  /// `bounds.patience`, the visit needs a slot: throws NoSlotForSilent if there is none.
  template <class T>
  Task<T> greeting(Task<T> task);

 private:
  /// While the greeting is awaited, its time is watched.
  struct Watch {
    Visit& visit;
    Watch(Visit& of, CancelScope& opening) : visit(of) {
      visit.opening_ = &opening;
      visit.start(visit.bounds_.patience);
    }
    Watch(const Watch&) = delete;
    ~Watch() { visit.stop(); }
  };
  void time_is_up() override;
  bool take_slot();

  SilentHosts& hosts_;
  const net::Address address_;
  const Bounds bounds_;
  bool has_slot_ = false, ran_out_ = false;
  CancelScope* opening_ = nullptr;
};

template <class T>
Task<T> SilentHosts::Visit::greeting(Task<T> task) {
  CancelScope* const outer = co_await this_scope();
  CancelScope scope(outer);
  task.handle().promise().scope = &scope;
  const Watch watch(*this, scope);
  try {
    co_return co_await std::move(task);
  } catch (const Cancelled&) {
    if (!ran_out_ || (outer != nullptr && outer->is_cancelled())) throw;
  }
  throw NoSlotForSilent();
}

}  // namespace postern::delivery
