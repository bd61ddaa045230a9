// core/net/dns.h: DNS over c-ares, with a cache that keeps the time to live.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "core/async/loop.h"
#include "core/net/address.h"
#include "core/net/tls.h"

namespace postern::net {

struct Mx {
  std::uint16_t preference = 0;
  std::string host;  ///< lower case; empty: a null MX (RFC 7505)
  bool operator==(const Mx&) const = default;
};

/// `no_such_name` and `no_data` are answers; `temporary` means that nobody knows (SERVFAIL,
/// time-out): defer.
enum class DnsError { no_such_name, no_data, temporary };

/// One per loop. Equal questions that are under way share one query.
class Resolver {
 public:
  using DnsError = net::DnsError;
  template <class T>
  using Answer = Task<std::expected<std::vector<T>, DnsError>>;

  /// `servers` empty: those of the system, and /etc/hosts.
  Resolver(Loop& loop, std::vector<Address> servers);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  /// Asks these from now on, with an empty cache; what is under way is answered by the old ones.
  void use(std::vector<Address> servers);

  Answer<Mx> mx(std::string name);
  Answer<Address> addresses(std::string name);  ///< A, then AAAA; port 0. Of an address: itself
  Answer<std::string> txt(std::string name);    ///< the strings of a record joined
  Answer<std::string> ptr(Address address);
  Answer<Tlsa> tlsa(std::string name);  ///< "_25._tcp.mx.example"

  enum class Type : std::uint16_t { a = 1, ptr = 12, mx = 15, txt = 16, aaaa = 28, tlsa = 52 };
  /// Whether the answer is signed and was checked: the AD bit of a resolver on loopback. Asks if
  /// need be.
  Task<bool> is_authentic(std::string name, Type type);

 private:
  struct State;
  Loop& loop_;
  std::shared_ptr<State> state_;  // questions hold it until they are answered
};

}  // namespace postern::net
