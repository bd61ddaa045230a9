// delivery/route/targets.cc: looks up the hosts, and what it takes to be let in there.
#include "delivery/route/targets.h"

#include <uv.h>

#include <algorithm>
#include <utility>

#include "core/async/offload.h"
#include "core/config/secret.h"
#include "core/mail/encodings.h"
#include "delivery/route/smarthost.h"

namespace postern::delivery {
namespace {

std::vector<std::string> interface_ips() {
  std::vector<std::string> ips;
  uv_interface_address_t* list = nullptr;
  int count = 0;
  if (uv_interface_addresses(&list, &count) != 0) return ips;
  for (int at = 0; at < count; ++at)
    ips.push_back(
        net::Address::from_sockaddr(reinterpret_cast<const sockaddr*>(&list[at].address)).ip());
  uv_free_interface_addresses(list, count);
  return ips;
}

Task<std::string> password_for(ThreadPool& pool, queue::NextHop hop,
                               std::shared_ptr<const Settings> settings) {
  const auto route = std::ranges::find_if(settings->routes, [&](const RouteSettings& one) {
    const auto* via = std::get_if<queue::NextHop>(&one.via);
    return via && *via == hop && !one.password_file.empty();
  });
  if (route == settings->routes.end())
    throw IoError("no [[route]] has a password_file for " + queue::text(hop));
  co_return co_await offload(pool, [&] { return config::read_secret(route->password_file); });
}

/// Addresses may change, so they are looked up for each attempt; so is the password.
Task<Target> smarthost(net::Resolver& resolver, ThreadPool& pool, queue::NextHop hop,
                       std::shared_ptr<const Settings> settings) {
  auto target = smarthost_of(hop, settings->tls);
  if (!target) throw IoError("not a next hop with hosts: " + queue::text(hop));
  if (!target->user.empty())
    target->password = co_await password_for(pool, std::move(hop), std::move(settings));
  if (target->addresses.empty()) {
    const auto found = co_await resolver.addresses(target->host);
    if (!found || found->empty()) throw IoError("cannot look up the host " + target->host);
    for (const net::Address& address : *found)
      target->addresses.push_back(address.with_port(target->port));
  }
  co_return std::move(*target);
}

Task<std::expected<Targets, Verdict>> mx_targets(net::Resolver& resolver, mail::Domain domain,
                                                 std::shared_ptr<const Settings> settings,
                                                 OwnIdentity own) {
  const auto hosts =
      co_await find_hosts(resolver, std::move(domain), settings->port, std::move(own));
  if (!hosts) {
    const NoHosts& why = hosts.error();
    co_return std::unexpected(our_verdict(
        why.is_permanent ? Verdict::Kind::failed : Verdict::Kind::deferred,
        mail::StatusCode::parse(why.status).value_or(mail::StatusCode{4, 4, 3}), why.text));
  }
  Targets targets{.key = group_key(*hosts), .hosts = {}};
  for (const MxHost& host : *hosts)
    targets.hosts.push_back({.host = host.host,
                             .port = settings->port,
                             .addresses = host.addresses,
                             .tls = settings->tls});
  co_return targets;
}

}  // namespace

OwnIdentity own_identity(const Settings& settings) {
  OwnIdentity own;
  own.names = {mail::lower_case(settings.hostname)};
  own.is_own = [listeners = settings.own_listeners,
                ips = interface_ips()](const net::Address& address) {
    return std::ranges::any_of(listeners, [&](const net::Address& listener) {
      if (listener.port() != address.port()) return false;
      const bool is_wildcard = listener.ip() == "0.0.0.0" || listener.ip() == "::";
      return listener.ip() == address.ip() ||
             (is_wildcard &&
              (address.is_loopback() || std::ranges::find(ips, address.ip()) != ips.end()));
    });
  };
  return own;
}

Task<std::expected<Targets, Verdict>> find_targets(net::Resolver& resolver, ThreadPool& pool,
                                                   queue::NextHop next_hop,
                                                   std::shared_ptr<const Settings> settings,
                                                   OwnIdentity own) {
  if (auto* mx = std::get_if<queue::ToMx>(&next_hop))
    co_return co_await mx_targets(resolver, std::move(mx->domain), std::move(settings),
                                  std::move(own));
  Targets targets{.key = queue::text(next_hop), .hosts = {}};
  Target host = co_await smarthost(resolver, pool, std::move(next_hop), std::move(settings));
  targets.hosts.push_back(std::move(host));
  co_return targets;
}

}  // namespace postern::delivery
