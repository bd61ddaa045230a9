// core/net/address.h: where a socket is, and networks of such places.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <compare>
#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"

namespace postern::net {

constexpr std::size_t longest_unix_path = sizeof(sockaddr_un::sun_path) - 1;  ///< 107 octets

/// An IPv4 or IPv6 address with a port, or the path of a unix socket. An IPv4 address in IPv6
/// clothes is IPv4.
class Address {
 public:
  Address() = default;  ///< 0.0.0.0:0

  /// "127.0.0.1:25", "[::1]:25" or "unix:/path".
  static std::expected<Address, SyntaxError> parse(std::string_view text);
  /// "127.0.0.1" or "::1", without brackets.
  static std::expected<Address, SyntaxError> parse_ip(std::string_view ip, std::uint16_t port = 0);
  static Address from_sockaddr(const sockaddr* address,
                               socklen_t length = sizeof(sockaddr_storage));
  static Address unix_socket(std::string path);

  bool is_unix() const { return family_ == AF_UNIX; }
  bool is_ipv4() const { return family_ == AF_INET; }
  bool is_ipv6() const { return family_ == AF_INET6; }
  int family() const { return family_; }
  bool is_loopback() const;  ///< unix sockets too
  std::uint16_t port() const { return port_; }
  Address with_port(std::uint16_t port) const;
  std::string ip() const;    ///< without brackets; "unix" for a unix socket
  std::string text() const;  ///< what parse() takes
  const std::string& path() const { return path_; }
  std::span<const std::uint8_t> bytes() const {
    return {bytes_.data(), is_ipv4() ? 4U : is_ipv6() ? 16U : 0U};
  }

  /// Fills `storage`; gives the length of what counts.
  socklen_t to_sockaddr(sockaddr_storage& storage) const;

  auto operator<=>(const Address&) const = default;

 private:
  sa_family_t family_ = AF_INET;
  std::uint16_t port_ = 0;
  std::array<std::uint8_t, 16> bytes_{};
  std::string path_;
};

/// The addresses that share their first bits, such as 192.0.2.0/24 or 2001:db8::/32.
class Network {
 public:
  /// "192.0.2.0/24", "2001:db8::/32", or one address.
  static std::expected<Network, SyntaxError> parse(std::string_view text);
  bool contains(const Address& address) const;  ///< ports don't count
  std::string text() const;
  bool operator==(const Network&) const = default;

 private:
  Network(Address base, unsigned bits) : base_(std::move(base)), bits_(bits) {}
  Address base_;
  unsigned bits_;
};

/// Is it in one of them?
bool is_within(std::span<const Network> networks, const Address& address);

}  // namespace postern::net

template <>
struct std::hash<postern::net::Address> {
  std::size_t operator()(const postern::net::Address& address) const noexcept {
    return std::hash<std::string_view>()(
               {reinterpret_cast<const char*>(address.bytes().data()), address.bytes().size()}) ^
           (std::hash<std::string>()(address.path()) + address.port());
  }
};
