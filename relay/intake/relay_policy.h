// relay/intake/relay_policy.h: whom we carry mail for. The only place that decides it.
#pragma once

#include <optional>
#include <span>

#include "core/mail/address.h"
#include "core/net/address.h"

namespace postern::relay {

/// Why a recipient is taken.
enum class Carriage { local, relayed_for_network, relayed_for_login };

/// What the decision may rest on: nothing that the client says but the parsed address.
struct RelayFacts {
  const mail::EmailAddress& recipient;
  const net::Address& peer;  ///< of the socket
  bool is_logged_in;
  bool is_local_domain;  ///< `[domain."…"]` declares recipient.domain()
  bool may_relay;        ///< false on lmtp, which delivers here or nowhere
  std::span<const net::Network> trusted_networks;
};

/// None: refuse, 550. No percent, bang or route in a local part is ever looked at.
std::optional<Carriage> decide_relay(const RelayFacts& facts);

}  // namespace postern::relay
