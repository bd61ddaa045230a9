// queue/store/wire.h: what the scripts take and what they give. Pure.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/redis/connection.h"
#include "queue/model/message.h"
#include "queue/model/node.h"

namespace postern::queue {

WallTime wall_now();

/// What a client chose never becomes a key of Redis as it is. Empty for an empty key.
std::string idempotency_name(const std::string& account, const std::string& key);

/// The number behind `name:` in a reply to INFO; 0 when it has none.
std::uint64_t info_number(std::string_view info, std::string_view name);

/// The message as add_message of common.lua takes it. `in_flight`: its deliveries are leased to us
/// unless so many of their next hop are in flight; 0: never. `facts`: of its timeline.
void append_message(redis::Arguments& arguments, const NewMessage& message, const Node& node,
                    unsigned in_flight, const std::vector<Fact>& facts);
/// What add_message leased to us: `leased` has a '1' for each delivery that it did.
std::vector<Lease> leases_of(const NewMessage& message, std::string_view leased);

/// For settle.lua.
redis::Arguments settle_arguments(const Lease& lease, const Settlement& settlement,
                                  const Node& node, unsigned in_flight, WallTime now);

/// One of claim.lua's; `now` is its queue time, bodies lie in `spool`. All three throw IoError for
/// what we did not write.
Lease parse_lease(const redis::Reply& item, std::int64_t now, const std::filesystem::path& spool);
/// For settle.lua: keeps a delivery that claim.lua gave and parse_lease refused, as it is.
redis::Arguments hold_arguments(const redis::Reply& item, const Node& node, const Fact& held);
/// As `row` of common.lua gives it.
MessageRow parse_row(const redis::Reply& reply);
/// Entries of a timeline, as show.lua and the operator's verbs give them.
std::vector<Fact> parse_facts(const redis::Reply& reply, QueueId id);
/// What show.lua gives.
Timeline parse_timeline(const redis::Reply& reply);

}  // namespace postern::queue
