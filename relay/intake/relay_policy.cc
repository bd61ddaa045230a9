// relay/intake/relay_policy.cc: local, relayed for a trusted address, relayed for a login, or not
// at all.
#include "relay/intake/relay_policy.h"

#include <algorithm>

namespace postern::smtp {

std::optional<Carriage> decide_relay(const RelayFacts& facts) {
  if (facts.is_local_domain) return Carriage::local;
  if (!facts.may_relay) return {};
  if (facts.is_logged_in) return Carriage::relayed_for_login;
  const bool is_trusted = std::ranges::any_of(
      facts.trusted_networks,
      [&](const net::Network& network) { return network.contains(facts.peer); });
  if (is_trusted) return Carriage::relayed_for_network;
  return {};
}

}  // namespace postern::smtp
