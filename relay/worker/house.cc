// relay/worker/house.cc: how many threads each kind of blocking work gets; mailboxes that go.
#include "relay/worker/house.h"

#include <algorithm>
#include <thread>

#include "core/async/offload.h"
#include "core/log.h"
#include "relay/config/config.h"

namespace postern::relay {
namespace {

constexpr std::size_t longest_wait_for_pool = 10'000;  // jobs

}  // namespace

net::AddressTable::Limits address_limits(const Limits& limits) {
  return {.connections = limits.connections,
          .connections_per_address = limits.connections_per_ip,
          .failures = limits.auth_failures_per_ip.count,
          .window = limits.auth_failures_per_ip.per};
}

House::House(const Config& config)
    : accounts(config.accounts_file()),
      addresses(address_limits(config.limits)),
      hashing(std::max(1U, config.worker_count() / 2), longest_wait_for_pool),
      // More than cores: a commit spends its time waiting for the disk, which serves many at once.
      store(std::max(16U, 4 * config.worker_count()), longest_wait_for_pool),
      disk(4, longest_wait_for_pool),
      signing(std::max(1U, std::thread::hardware_concurrency()), longest_wait_for_pool),
      node(config.data_dir),
      logins(accounts, addresses, hashing, store),
      started(std::chrono::system_clock::now()) {}

Task<> House::purge_removed_accounts() {
  const auto now = std::chrono::floor<std::chrono::seconds>(Loop::current().wall_now());
  for (const auto& removed : co_await offload(disk, [&] { return accounts.purgeable(now); })) {
    co_await mailboxes.purge(removed.id);
    co_await offload(disk, [&] { accounts.forget(removed.id); });
    log::info("mailbox_purged", {{"account", removed.address}});
  }
}

}  // namespace postern::relay
