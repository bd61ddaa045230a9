// delivery/courier.h: the next hops that one worker owns: their connections, their windows, their
// conversations.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/async/loop.h"
#include "core/async/task.h"
#include "core/mail/envelope.h"
#include "delivery/outcome.h"
#include "delivery/settings.h"
#include "queue/queue.h"

namespace postern {
class ThreadPool;
}

namespace postern::delivery {

/// One delivery to be tried now. Moves between loops by value.
struct Job {
  std::string key;              ///< of the owner: the route's via, or the MX hosts
  std::vector<Target> targets;  ///< hosts to try in this order
  mail::ReversePath sender;
  std::vector<mail::Recipient> recipients;
  bool eight_bit = false, smtputf8 = false;
  std::string envid;
  mail::Ret ret{};
  queue::Body body;
  std::function<bool()> lease_is_fresh;
  std::function<std::string(std::string_view)> resign;
};

/// One for each worker, on its loop.
class Courier {
 public:
  /// `pool` reads bodies from the spool and converts; it outlives the courier.
  Courier(Loop& loop, ThreadPool& pool, std::shared_ptr<const Settings> settings);
  ~Courier();
  Loop& loop() const;
  /// Tries the hosts in order until one has answered for every recipient. On this courier's loop.
  Task<AttemptResult> deliver(Job job);
  void configure(std::shared_ptr<const Settings> settings);
  /// An operator wants it tried now: hosts that were just found dead are asked again.
  void forget_trouble();
  /// Says QUIT on idle connections and closes.
  Task<> stop();

  struct State;  ///< defined in courier.cc

 private:
  std::unique_ptr<State> state_;
};

/// The courier that owns `key`.
Courier& owner_of(const std::vector<Courier*>& couriers, std::string_view key);

}  // namespace postern::delivery
