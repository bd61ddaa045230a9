// delivery/route/smarthost.cc: protocol and TLS of each kind of next hop that names its host.
#include "delivery/route/smarthost.h"

#include <variant>

namespace postern::delivery {
namespace {

struct ToTarget {
  TlsDemand fallback;

  TlsDemand demand_of(const queue::ToSmarthost& hop) const {
    if (!hop.user.empty()) return TlsDemand::verified;
    return hop.scheme == queue::ToSmarthost::Scheme::smtp ? fallback : TlsDemand::required;
  }
  std::optional<Target> operator()(const queue::ToSmarthost& hop) const {
    return Target{.host = hop.host,
                  .port = hop.port,
                  .tls = demand_of(hop),
                  .tls_from_start = hop.scheme == queue::ToSmarthost::Scheme::smtps,
                  .user = hop.user};
  }
  std::optional<Target> operator()(const queue::ToLmtp& hop) const {
    return Target{.host = hop.host, .port = hop.port, .protocol = Protocol::lmtp, .tls = fallback};
  }
  std::optional<Target> operator()(const queue::ToLmtpSocket& hop) const {
    return Target{.host = hop.path,
                  .port = 0,
                  .addresses = {net::Address::unix_socket(hop.path)},
                  .protocol = Protocol::lmtp,
                  .tls = TlsDemand::off};
  }
  std::optional<Target> operator()(const queue::ToMx&) const { return std::nullopt; }
  std::optional<Target> operator()(const queue::ToMailbox&) const { return std::nullopt; }
  std::optional<Target> operator()(const queue::Discard&) const { return std::nullopt; }
  std::optional<Target> operator()(const queue::Reject&) const { return std::nullopt; }
};

}  // namespace

std::optional<Target> smarthost_of(const queue::NextHop& hop, TlsDemand fallback) {
  return std::visit(ToTarget{fallback}, hop);
}

}  // namespace postern::delivery
