// delivery/attempt/dispatcher.h: a worker's deliveries: takes leases, tries them, settles them,
// tells senders.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "core/async/loop.h"
#include "core/async/task.h"
#include "delivery/route/router.h"
#include "queue/store/queue.h"

namespace postern {
class ThreadPool;
}
namespace postern::net {
class Resolver;
}
namespace postern::mailbox {
class Mailboxes;
}

namespace postern::delivery {

class Courier;

/// Signs again what a delivery had to convert to 7 bit: the fields to prepend, or none if the
/// domain has no keys. Only for what was signed when it was accepted: a stranger's From proves
/// nothing. Called off the loop, from any thread.
using Resigner = std::function<std::string(std::string_view message)>;

/// What a dispatcher works with; all of it outlives the dispatcher.
struct DispatcherParts {
  Loop& loop;
  ThreadPool& pool;  ///< reads bodies
  queue::Queue& queue;
  net::Resolver& resolver;
  const mailbox::Mailboxes& mailboxes;
  LocalAddresses& local;
  Router& router;
  std::vector<Courier*> couriers;  ///< every worker's: a next hop's hash picks the one that owns it
  std::function<bool()> lease_is_fresh;  ///< may be called from any thread
  std::function<Resigner()> resigner;    ///< with the keys of now; called on the loop
};

/// One for each worker.
class Dispatcher {
 public:
  Dispatcher(DispatcherParts parts, std::shared_ptr<const Settings> settings);
  ~Dispatcher();

  /// Starts the claim loop. Call once, on the loop.
  void start();
  /// Begins the first attempt of what was just committed, from the bytes still in memory.
  void take(std::vector<queue::Lease> leases);
  /// Is there room to lease at commit? If not, commit to the ready list instead.
  bool has_room() const;
  /// New work may be ready: an operator's retry, a release, a commit without a lease.
  void wake();
  void configure(std::shared_ptr<const Settings> settings);
  /// Stops claiming, lets what is in flight finish within `grace`, breaks off the rest and puts it
  /// back.
  Task<> stop(std::chrono::milliseconds grace);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::delivery
