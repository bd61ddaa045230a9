// queue/model/told.h: which facts a commit and a settlement tell. Pure.
#pragma once

#include <vector>

#include "queue/model/fact.h"
#include "queue/model/message.h"

namespace postern::queue {

/// Of a message that came in: `accepted`, and `expanded` for each alias.
std::vector<Fact> facts_of(const NewMessage& message, WallTime now);

/// Of a try: `attempt`, what became of each recipient that is done, and why the others wait.
std::vector<Fact> facts_of(const Lease& lease, const Settlement& settlement, WallTime now);

/// The same for the timeline, in fewer entries: it has no `attempt`, and those who wait share one.
std::vector<Fact> timeline_of(const Lease& lease, const Settlement& settlement, WallTime now);

}  // namespace postern::queue
