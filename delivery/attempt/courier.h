// delivery/attempt/courier.h: the next hops that one worker owns: their connections, their windows,
// their conversations.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/async/loop.h"
#include "core/async/task.h"
#include "delivery/model/job.h"
#include "delivery/model/outcome.h"
#include "delivery/settings.h"

namespace postern {
class ThreadPool;
}

namespace postern::delivery {

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

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The courier that owns `key`.
Courier& owner_of(const std::vector<Courier*>& couriers, std::string_view key);

}  // namespace postern::delivery
