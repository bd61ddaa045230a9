// queue/store/verbs.h: the scripts, ready for Redis.
#pragma once

#include <vector>

#include "core/redis/connection.h"

namespace postern::queue {

/// Each with common.lua in front.
struct Verbs {
  Verbs();
  redis::Script commit, claim, settle, reclaim, abandon, hold, release, retry, remove, bounce,
      heartbeat, generation, list, show, search, counts, bulky, shelve;
  std::vector<const redis::Script*> all() const;
};

/// Made once; the same for all workers.
const Verbs& verbs();

}  // namespace postern::queue
