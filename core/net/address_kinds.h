// core/net/address_kinds.h: which addresses belong to the world, and which of them to one host.
#pragma once

#include "core/net/address.h"

namespace postern::net {

/// Could it be a host of the world's? Not so: loopback, private, shared (RFC 6598), link-local
/// (where clouds keep their metadata), multicast and reserved ones, none at all (0.0.0.0/8, ::),
/// unix sockets; nor IPv6 forms that carry such an IPv4 address. Pure.
bool is_public(const Address& address);

/// The same for all addresses that one host may have at will: of IPv6 its /64. The port stays.
Address host_of(const Address& address);

}  // namespace postern::net
