// delivery/pace/hop.h: a next hop: how many conversations it bears at once, whether it answers, and
// its connections that wait for the next message.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/async/sync.h"
#include "core/async/task.h"
#include "delivery/model/outcome.h"
#include "delivery/smtp/smtp_client.h"

namespace postern::delivery {

/// On one loop.
class Hop {
 public:
  using Clock = std::chrono::steady_clock;
  using Clients = std::list<std::unique_ptr<SmtpClient>>;

  explicit Hop(std::size_t window);

  /// A place in the window, given back at the end.
  class Slot {
   public:
    explicit Slot(std::shared_ptr<Hop> hop);
    ~Slot();
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

   private:
    std::shared_ptr<Hop> hop_;
  };
  /// Waits until the window has a place, or none is worth waiting for (why_dead); take it before
  /// the next await.
  Task<> wait_for_place();
  /// So many wait that others would find no place in flight: a host that is slow must not fill more
  /// than its share of them.
  bool is_crowded() const { return in_line_ >= most_in_line; }

  /// A message went through: one more conversation for each full window.
  void went_well(std::size_t most);
  /// It is busy (421) or does not answer: half as many.
  void press_less();

  /// No host of it could be reached: nothing is tried until then, and afterwards one message at a
  /// time, until one gets through. `why` is a delay, for those that are put off meanwhile.
  void went_dead(Verdict why, Clock::time_point until);
  /// Why a message is to be put off at once.
  std::optional<Verdict> why_dead(Clock::time_point now) const;
  void forget_trouble();

  /// The connection to `place` that was used last. Those that the host has closed meanwhile are
  /// dropped: when it restarts, it closes them all.
  std::unique_ptr<SmtpClient> take_idle(std::string_view place);
  void keep_idle(std::string place, std::unique_ptr<SmtpClient> client, Clock::time_point now);
  /// Connections that nobody has used since then.
  Clients take_older(Clock::time_point since);
  Clients take_all();
  /// Nothing to remember: no connections, and no trouble that ended less than `memory` ago.
  bool is_unused(Clock::time_point now, std::chrono::seconds memory) const;

 private:
  struct Idle {
    std::string place;
    std::unique_ptr<SmtpClient> client;
    Clock::time_point since;
  };

  static constexpr std::size_t most_in_line = 1000;

  double window_ = 1;
  std::size_t active_ = 0, in_line_ = 0;
  WaitList waiting_;
  std::list<Idle> idle_;  // the one used last in front
  Clock::time_point dead_until_{};
  std::optional<Verdict> dead_why_;
};

}  // namespace postern::delivery
