// delivery/route/mx_hosts.cc: MX look-up and order of hosts (RFC 5321 §5.1), without ourselves.
#include "delivery/route/mx_hosts.h"

#include <algorithm>
#include <map>
#include <random>

#include "core/async/task_group.h"
#include "core/mail/encodings.h"

namespace postern::delivery {
namespace {

constexpr std::size_t hosts_limit = 32;

NoHosts later(const std::string& what) {
  return {false, "4.4.3", "Cannot look up " + what + ": the DNS gives no answer"};
}

std::string host_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  return mail::lower_case(text);
}

Task<> look_up_addresses(net::Resolver& resolver, MxHost& host, std::uint16_t port) {
  auto found = co_await resolver.addresses(host.host);
  if (!found) {
    host.lookup_was_temporary = found.error() == net::DnsError::temporary;
    co_return;
  }
  for (const net::Address& address : *found) host.addresses.push_back(address.with_port(port));
}

std::size_t random_below(std::size_t n) {
  thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_int_distribution<std::size_t>(0, n - 1)(generator);
}

std::expected<std::vector<MxHost>, NoHosts> literal_host(const mail::Domain& domain,
                                                         std::uint16_t port) {
  const std::string ip = domain.literal_address();
  const auto address =
      net::Address::parse((ip.contains(':') ? "[" + ip + "]" : ip) + ":" + std::to_string(port));
  if (!address)
    return std::unexpected(NoHosts{true, "5.1.2", "No host can be reached by " + domain.text()});
  return std::vector{MxHost{0, ip, {*address}}};
}

/// The hosts' names for `domain`, before their addresses are known.
Task<std::expected<std::vector<MxHost>, NoHosts>> look_up_names(net::Resolver& resolver,
                                                                std::string domain) {
  const auto records = co_await resolver.mx(domain);
  if (records && !records->empty()) {
    // A null MX counts only when it stands alone (RFC 7505 §3).
    if (records->size() == 1 && records->front().host.empty())
      co_return std::unexpected(
          NoHosts{true, "5.1.10", "556 The domain " + domain + " accepts no mail (null MX)"});
    std::vector<MxHost> hosts = order_hosts(*records, random_below);
    if (!hosts.empty()) co_return hosts;
    co_return std::unexpected(
        NoHosts{true, "5.4.4", "The MX records of " + domain + " name no host"});
  }
  if (!records && records.error() == net::DnsError::temporary)
    co_return std::unexpected(later("the MX of " + domain));
  if (!records && records.error() == net::DnsError::no_such_name)
    co_return std::unexpected(NoHosts{true, "5.1.2", "The domain " + domain + " does not exist"});
  co_return std::vector{MxHost{0, domain, {}}};  // implicit MX: RFC 5321 §5.1
}

}  // namespace

std::vector<MxHost> order_hosts(std::vector<net::Mx> records,
                                const std::function<std::size_t(std::size_t)>& random) {
  for (std::size_t left = records.size(); left > 1; --left)
    std::swap(records[left - 1], records[random(left)]);
  std::multimap<std::uint16_t, std::string> by_preference;  // equal ones stay in their random order
  for (const net::Mx& record : records)
    by_preference.emplace(record.preference, host_name(record.host));
  std::vector<MxHost> hosts;
  for (const auto& [preference, name] : by_preference) {
    const auto same = [&wanted = name](const MxHost& host) { return host.host == wanted; };
    if (name.empty() || std::ranges::any_of(hosts, same)) continue;
    hosts.push_back({preference, name, {}});
    if (hosts.size() == hosts_limit) break;
  }
  return hosts;
}

std::vector<MxHost> drop_from_ourselves(std::vector<MxHost> hosts, const OwnIdentity& own) {
  const auto is_us = [&](const MxHost& host) {
    return std::ranges::find(own.names, host.host) != own.names.end() ||
           (own.is_own && std::ranges::any_of(host.addresses, own.is_own));
  };
  const auto us = std::ranges::find_if(hosts, is_us);
  if (us == hosts.end()) return hosts;
  const std::uint16_t ours = us->preference;
  std::erase_if(hosts, [&](const MxHost& host) { return host.preference >= ours; });
  return hosts;
}

Task<std::expected<std::vector<MxHost>, NoHosts>> find_hosts(net::Resolver& resolver,
                                                             mail::Domain domain,
                                                             std::uint16_t port, OwnIdentity own) {
  auto found = domain.is_literal() ? literal_host(domain, port)
                                   : co_await look_up_names(resolver, domain.text());
  if (!found) co_return found;
  if (!domain.is_literal()) {
    TaskGroup lookups;
    for (MxHost& host : *found) lookups.spawn(look_up_addresses(resolver, host, port));
    co_await lookups.join();
  }
  std::vector<MxHost> hosts = drop_from_ourselves(std::move(*found), own);
  if (hosts.empty())
    co_return std::unexpected(
        NoHosts{true, "5.4.6", "The mail for " + domain.text() + " loops back to this host"});
  if (std::ranges::any_of(hosts, [](const MxHost& host) { return !host.addresses.empty(); })) {
    std::erase_if(hosts, [](const MxHost& h) { return h.addresses.empty(); });
    co_return hosts;
  }
  if (std::ranges::any_of(hosts, &MxHost::lookup_was_temporary))
    co_return std::unexpected(later("the hosts of " + domain.text()));
  co_return std::unexpected(
      NoHosts{true, "5.4.4", "No host of " + domain.text() + " has an address"});
}

std::string group_key(const std::vector<MxHost>& hosts) {
  std::vector<std::string> names;
  for (const MxHost& host : hosts) names.push_back(host.host);
  std::ranges::sort(names);
  std::string key = "mx";
  for (const std::string& name : names) key += ' ' + name;
  return key;
}

std::size_t count_received(std::string_view message) {
  std::size_t hops = 0;
  while (!message.empty()) {
    const std::string_view line = message.substr(0, message.find("\r\n"));
    if (line.empty()) break;
    if (line.size() > 9 && mail::equal_ignoring_case(line.substr(0, 9), "received:")) ++hops;
    message.remove_prefix(std::min(message.size(), line.size() + 2));
  }
  return hops;
}

}  // namespace postern::delivery
