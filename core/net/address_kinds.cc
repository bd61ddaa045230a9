// core/net/address_kinds.cc: the special-purpose registries of IANA (RFC 6890), as far as they
// matter.
#include "core/net/address_kinds.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace postern::net {
namespace {

// clang-format off
constexpr std::array not_public{
    "0.0.0.0/8",       // this network: connects to ourselves
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",  // private: RFC 1918
    "100.64.0.0/10",   // shared by a provider's customers: RFC 6598
    "127.0.0.0/8",     // loopback
    "169.254.0.0/16",  // link-local, with the metadata of clouds: RFC 3927
    "192.0.0.0/24",    // protocol assignments: RFC 6890
    "224.0.0.0/4",     // multicast
    "240.0.0.0/4",     // reserved, and broadcast
    "::/96",           // none, loopback, and IPv4-compatible: RFC 4291 §2.5
    "64:ff9b:1::/48",  // local translation to IPv4: RFC 8215
    "fc00::/7",        // unique local, again with metadata: RFC 4193
    "fe80::/10",       // link-local
    "fec0::/10",       // site-local, of old: RFC 3879
    "ff00::/8",        // multicast
};
// clang-format on

const std::vector<Network>& networks() {
  static const std::vector<Network> all = [] {
    std::vector<Network> made;
    for (const char* text : not_public) made.push_back(*Network::parse(text));
    return made;
  }();
  return all;
}

/// An IPv6 prefix behind which an IPv4 address stands, and where a router may unwrap it.
struct Carrier {
  Network prefix;
  std::size_t offset;  // of the IPv4 address, in octets
};

std::optional<Address> carried_ipv4(const Address& address) {
  static const std::array carriers{Carrier{*Network::parse("64:ff9b::/96"), 12},  // RFC 6052 §2.1
                                   Carrier{*Network::parse("2002::/16"), 2}};     // RFC 3056 §2
  for (const Carrier& carrier : carriers) {
    if (!carrier.prefix.contains(address)) continue;
    sockaddr_in inner{};
    inner.sin_family = AF_INET;
    std::copy_n(address.bytes().begin() + static_cast<std::ptrdiff_t>(carrier.offset), 4,
                reinterpret_cast<std::uint8_t*>(&inner.sin_addr));
    return Address::from_sockaddr(reinterpret_cast<const sockaddr*>(&inner));
  }
  return std::nullopt;
}

}  // namespace

bool is_public(const Address& address) {
  if (address.is_unix() || is_within(networks(), address)) return false;
  const auto inner = carried_ipv4(address);
  return !inner || !is_within(networks(), *inner);
}

Address host_of(const Address& address) {
  if (!address.is_ipv6()) return address;
  sockaddr_storage storage;
  address.to_sockaddr(storage);
  auto& place = reinterpret_cast<sockaddr_in6&>(storage);
  std::fill_n(place.sin6_addr.s6_addr + 8, 8, std::uint8_t{0});
  return Address::from_sockaddr(reinterpret_cast<const sockaddr*>(&storage));
}

}  // namespace postern::net
