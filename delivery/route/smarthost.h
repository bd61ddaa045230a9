// delivery/route/smarthost.h: the host that a next hop names, as delivery goes to it.
#pragma once

#include <optional>

#include "delivery/model/outcome.h"
#include "queue/model/next_hop.h"

namespace postern::delivery {

/// A smarthost or an LMTP server; none when `hop` names no host. Its addresses (but of a unix
/// socket) and the password are filled in by the caller. `smtp` and `lmtp` ask for TLS as
/// `fallback` says, the others always; with a user the certificate must be right. Pure.
std::optional<Target> smarthost_of(const queue::NextHop& hop, TlsDemand fallback);

}  // namespace postern::delivery
