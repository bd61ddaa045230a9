// relay/intake/relay_policy.cc: local, relayed for a trusted address, relayed for a login, or not
// at all.
#include "relay/intake/relay_policy.h"

namespace postern::relay {

std::optional<Carriage> decide_relay(const RelayFacts& facts) {
  if (facts.is_local_domain) return Carriage::local;
  if (!facts.may_relay) return {};
  if (facts.is_logged_in) return Carriage::relayed_for_login;
  if (net::is_within(facts.trusted_networks, facts.peer)) return Carriage::relayed_for_network;
  return {};
}

}  // namespace postern::relay
