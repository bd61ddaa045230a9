// delivery/route/targets.h: a delivery's next hop as hosts to connect to.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "core/async/task.h"
#include "delivery/model/outcome.h"
#include "delivery/route/mx_hosts.h"
#include "delivery/settings.h"
#include "queue/model/next_hop.h"

namespace postern {
class ThreadPool;
}

namespace postern::delivery {

struct Targets {
  std::string key;            ///< the same for next hops with the same hosts: it picks their owner
  std::vector<Target> hosts;  ///< in the order to try them
};

/// The names and listeners of this gateway, by which mail for itself is known as a loop.
OwnIdentity own_identity(const Settings& settings);

/// `next_hop` is one of hosts: MX, a smarthost or LMTP. `pool` reads password files. Throws IoError
/// when a smarthost cannot be used now: the delivery waits.
Task<std::expected<Targets, Verdict>> find_targets(net::Resolver& resolver, ThreadPool& pool,
                                                   queue::NextHop next_hop,
                                                   std::shared_ptr<const Settings> settings,
                                                   OwnIdentity own);

}  // namespace postern::delivery
