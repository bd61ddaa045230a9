// core/net/address.cc: reading, writing and comparing addresses.
#include "core/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/number.h"

namespace postern::net {

namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

template <class T>
std::optional<T> number(std::string_view text, unsigned most) {
  const auto value = parse_number<unsigned>(text);
  if (!value || *value > most) return std::nullopt;
  return static_cast<T>(*value);
}

}  // namespace

std::expected<Address, SyntaxError> Address::parse(std::string_view text) {
  if (text.starts_with("unix:")) {
    const std::string_view path = text.substr(5);
    if (path.empty() || path.find('\0') != std::string_view::npos)
      return syntax_error("a path belongs after unix:", 5);
    if (path.size() > longest_unix_path)
      return syntax_error("the path of a unix socket is too long", 5);
    return unix_socket(std::string(path));
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return syntax_error("a port is missing", text.size());
  const auto port = number<std::uint16_t>(text.substr(colon + 1), 65535);
  if (!port) return syntax_error("a port is a number up to 65535", colon + 1);
  std::string_view ip = text.substr(0, colon);
  const bool has_brackets = ip.size() >= 2 && ip.front() == '[' && ip.back() == ']';
  if (has_brackets) ip = ip.substr(1, ip.size() - 2);
  if (has_brackets != (ip.find(':') != std::string_view::npos))
    return syntax_error("an IPv6 address belongs in brackets");
  return parse_ip(ip, *port);
}

std::expected<Address, SyntaxError> Address::parse_ip(std::string_view ip, std::uint16_t port) {
  if (ip.size() > INET6_ADDRSTRLEN || ip.find('\0') != std::string_view::npos)
    return syntax_error("not an IP address");
  const std::string terminated(ip);
  sockaddr_in v4{};
  if (inet_pton(AF_INET, terminated.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return from_sockaddr(reinterpret_cast<sockaddr*>(&v4));
  }
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET6, terminated.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    return from_sockaddr(reinterpret_cast<sockaddr*>(&v6));
  }
  return syntax_error("not an IP address");
}

Address Address::from_sockaddr(const sockaddr* address, socklen_t length) {
  Address made;
  if (address->sa_family == AF_UNIX) {
    const auto* const from = reinterpret_cast<const sockaddr_un*>(address);
    constexpr std::size_t head = offsetof(sockaddr_un, sun_path);
    const std::size_t room =
        length > head ? std::min<std::size_t>(length - head, sizeof from->sun_path) : 0;
    return unix_socket(std::string(from->sun_path, strnlen(from->sun_path, room)));
  }
  if (address->sa_family == AF_INET6) {
    const auto* const from = reinterpret_cast<const sockaddr_in6*>(address);
    const std::uint8_t* const bytes = from->sin6_addr.s6_addr;
    made.port_ = ntohs(from->sin6_port);
    if (std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes)) {
      std::copy_n(bytes + 12, 4, made.bytes_.begin());
    } else {
      made.family_ = AF_INET6;
      std::copy_n(bytes, 16, made.bytes_.begin());
    }
    return made;
  }
  const auto* const from = reinterpret_cast<const sockaddr_in*>(address);
  made.port_ = ntohs(from->sin_port);
  std::memcpy(made.bytes_.data(), &from->sin_addr, 4);
  return made;
}

Address Address::unix_socket(std::string path) {
  Address made;
  made.family_ = AF_UNIX;
  made.path_ = std::move(path);
  return made;
}

bool Address::is_loopback() const {
  if (is_unix()) return true;
  if (is_ipv4()) return bytes_[0] == 127;
  return bytes_ == std::array<std::uint8_t, 16>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
}

Address Address::with_port(std::uint16_t port) const {
  Address copy = *this;
  copy.port_ = port;
  return copy;
}

std::string Address::ip() const {
  if (is_unix()) return "unix";
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(family_, bytes_.data(), text, sizeof text);
}

std::string Address::text() const {
  if (is_unix()) return "unix:" + path_;
  return (is_ipv6() ? "[" + ip() + "]" : ip()) + ":" + std::to_string(port_);
}

socklen_t Address::to_sockaddr(sockaddr_storage& storage) const {
  storage = {};
  storage.ss_family = family_;
  if (is_unix()) {
    auto& to = reinterpret_cast<sockaddr_un&>(storage);
    path_.copy(to.sun_path, sizeof to.sun_path - 1);
    return sizeof to;
  }
  if (is_ipv6()) {
    auto& to = reinterpret_cast<sockaddr_in6&>(storage);
    to.sin6_port = htons(port_);
    std::copy_n(bytes_.begin(), 16, to.sin6_addr.s6_addr);
    return sizeof to;
  }
  auto& to = reinterpret_cast<sockaddr_in&>(storage);
  to.sin_port = htons(port_);
  std::memcpy(&to.sin_addr, bytes_.data(), 4);
  return sizeof to;
}

std::expected<Network, SyntaxError> Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view ip = text.substr(0, slash);
  const auto base = Address::parse_ip(ip);
  if (!base) return std::unexpected(base.error());
  const unsigned width = base->is_ipv4() ? 32 : 128;
  if (slash == std::string_view::npos) return Network(*base, width);
  // ::ffff:192.0.2.0/120 is 192.0.2.0/24.
  const unsigned mapped = base->is_ipv4() && ip.find(':') != std::string_view::npos ? 96 : 0;
  const auto bits = number<unsigned>(text.substr(slash + 1), width + mapped);
  if (!bits || *bits < mapped)
    return std::unexpected(
        SyntaxError{"a prefix length is a number up to the width of the address", slash + 1});
  return Network(*base, *bits - mapped);
}

bool Network::contains(const Address& address) const {
  if (address.family() != base_.family()) return false;
  const auto ours = base_.bytes(), theirs = address.bytes();
  const std::size_t whole = bits_ / 8;
  if (!std::equal(ours.begin(), ours.begin() + static_cast<std::ptrdiff_t>(whole), theirs.begin()))
    return false;
  const unsigned rest = bits_ % 8;
  return rest == 0 || ((ours[whole] ^ theirs[whole]) >> (8 - rest)) == 0;
}

std::string Network::text() const { return base_.ip() + "/" + std::to_string(bits_); }

bool is_within(std::span<const Network> networks, const Address& address) {
  return std::ranges::any_of(networks,
                             [&](const Network& network) { return network.contains(address); });
}

}  // namespace postern::net
