// delivery/route/mx_hosts.h: which hosts take mail for a domain, and in which order (RFC 5321 §5.1,
// RFC 7505).
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/async/task.h"
#include "core/mail/address.h"
#include "core/net/address.h"
#include "core/net/dns.h"

namespace postern::delivery {

struct MxHost {
  std::uint16_t preference = 0;
  std::string host;
  std::vector<net::Address>
      addresses;  ///< with the port to connect to; none when the look-up failed
  bool lookup_was_temporary = false;
  bool operator==(const MxHost& other) const {
    return preference == other.preference && host == other.host;
  }
};

/// Why a domain has no host for us.
struct NoHosts {
  bool is_permanent = false;
  std::string status, text;
};

/// How we know ourselves among the hosts of a domain.
struct OwnIdentity {
  std::vector<std::string> names;                   ///< lower case
  std::function<bool(const net::Address&)> is_own;  ///< would this address and port reach us?
};

/// Ascending preference, equal ones in random order, each host once, at most 32. `random(n)` gives
/// 0 to n-1. Pure.
std::vector<MxHost> order_hosts(std::vector<net::Mx> records,
                                const std::function<std::size_t(std::size_t)>& random);

/// Drops ourselves and every host of equal or worse preference (RFC 5321 §5.1); then nothing is
/// left of a domain whose best host we are: a loop. Pure; `hosts` in ascending preference with
/// their addresses.
std::vector<MxHost> drop_from_ourselves(std::vector<MxHost> hosts, const OwnIdentity& own);

/// Looks the domain up. Implicit MX only when the answer is that no MX record exists, never after
/// trouble.
Task<std::expected<std::vector<MxHost>, NoHosts>> find_hosts(net::Resolver& resolver,
                                                             mail::Domain domain,
                                                             std::uint16_t port, OwnIdentity own);

/// The hosts' names: the same for all domains that share them, whatever their order.
std::string group_key(const std::vector<MxHost>& hosts);

/// The hops that a message has made: its Received fields (RFC 5321 §6.3). Reads the header block
/// only.
std::size_t count_received(std::string_view message);

}  // namespace postern::delivery
