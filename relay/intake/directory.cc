// relay/intake/directory.cc: local addresses, from the accounts and the configuration.
#include "relay/intake/directory.h"

#include "core/config/config.h"

namespace postern::relay {
namespace {

constexpr std::size_t most_remembered = 10'000;

delivery::LocalAccount as_local(const policy::Account& account) {
  return {account.id, account.quota};
}

std::optional<delivery::LocalAccount> as_local(const std::optional<policy::Account>& account) {
  if (!account) return {};
  return as_local(*account);
}

}  // namespace

Directory::Directory(policy::Accounts& accounts, ThreadPool& pool,
                     std::shared_ptr<const Snapshot> snapshot)
    : accounts_(accounts), pool_(pool), snapshot_(std::move(snapshot)) {}

bool Directory::is_local(const mail::Domain& domain) const {
  const auto& config = *snapshot_->config;
  return config.domains.contains(domain.text()) || domain.text() == config.hostname;
}

/// Where mail goes that no account and no alias answers to: `postmaster` to the configured one
/// (RFC 5321 §4.5.1), the rest to the domain's catch-all.
std::optional<mail::EmailAddress> Directory::stand_in(const mail::EmailAddress& address) const {
  const auto& config = *snapshot_->config;
  const bool is_postmaster = address.folded().starts_with("postmaster@");
  const auto domain = config.domains.find(address.domain().text());
  std::string text = is_postmaster ? config.postmaster : "";
  if (text.empty() && domain != config.domains.end()) text = domain->second.catch_all;
  auto parsed = mail::EmailAddress::parse(text);
  if (text.empty() || !parsed || *parsed == address) return {};
  return std::move(*parsed);
}

Task<std::vector<mail::EmailAddress>> Directory::expand(mail::EmailAddress address) {
  if (!is_local(address.domain())) co_return std::vector{std::move(address)};
  const auto other = stand_in(address);
  co_return co_await offload(pool_, [&] {
    if (other && !accounts_.exists(address)) return accounts_.expand(*other);
    return accounts_.expand(address);
  });
}

Task<std::optional<delivery::LocalAccount>> Directory::find_account(mail::EmailAddress address) {
  co_return as_local(co_await offload(pool_, [&] { return accounts_.find(address); }));
}

Task<std::optional<delivery::LocalAccount>> Directory::account_by_id(std::string id) {
  co_return as_local(co_await offload(pool_, [&] { return accounts_.find_by_id(id); }));
}

Task<Directory::Addresses> Directory::addresses_of(std::string account_id) {
  // Read before the addresses: a change in between makes them stale, never the other way round.
  const std::uint64_t now = accounts_.changes();
  if (std::exchange(remembered_at_, now) != now || remembered_.size() >= most_remembered) {
    remembered_.clear();
  }
  if (const auto found = remembered_.find(account_id); found != remembered_.end()) {
    co_return found->second;
  }
  auto addresses = std::make_shared<const std::set<std::string>>(
      co_await offload(pool_, [&] { return accounts_.addresses_of(account_id); }));
  if (remembered_at_ == now) remembered_.insert_or_assign(std::move(account_id), addresses);
  co_return addresses;
}

}  // namespace postern::relay
