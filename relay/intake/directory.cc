// relay/intake/directory.cc: local addresses, from the accounts and the configuration.
#include "relay/intake/directory.h"

#include "relay/config/config.h"

namespace postern::relay {
namespace {

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

std::optional<mail::EmailAddress> Directory::catch_all(const mail::Domain& domain) const {
  const auto& domains = snapshot_->config->domains;
  const auto found = domains.find(domain.text());
  if (found == domains.end()) return {};
  auto parsed = mail::EmailAddress::parse(found->second.catch_all);
  if (!parsed) return {};
  return std::move(*parsed);
}

/// `postmaster` of any domain is the configured one (RFC 5321 §4.5.1), who may have no mailbox but
/// the catch-all, either.
std::vector<mail::EmailAddress> Directory::stand_ins(const mail::EmailAddress& address) const {
  std::vector<mail::EmailAddress> all;
  if (!is_local(address.domain())) return all;
  const auto postmaster = mail::EmailAddress::parse(snapshot_->config->postmaster);
  const bool is_postmaster = postmaster && address.folded().starts_with("postmaster@");
  if (is_postmaster) all.push_back(*postmaster);
  if (auto other = catch_all(address.domain())) all.push_back(std::move(*other));
  if (is_postmaster) {
    if (auto other = catch_all(postmaster->domain())) all.push_back(std::move(*other));
  }
  return all;
}

template <class Answer, class Ask>
Task<Answer> Directory::answer(Remembered<Answer>& remembered, std::string key, Ask ask) {
  const std::uint64_t changes = accounts_.changes();
  if (const Answer* known = remembered.find(key, changes)) co_return *known;
  Answer found = co_await offload(pool_, ask);
  remembered.keep(std::move(key), found, changes);
  co_return found;
}

Task<std::vector<mail::EmailAddress>> Directory::expand(mail::EmailAddress address) {
  if (!is_local(address.domain())) co_return std::vector{std::move(address)};
  co_return co_await answer(expansions_, address.text(), [&] { return accounts_.expand(address); });
}

Task<std::optional<delivery::LocalAccount>> Directory::find_account(mail::EmailAddress address) {
  return answer(accounts_by_address_, address.folded(),
                [this, address] { return as_local(accounts_.find(address)); });
}

Task<std::optional<delivery::LocalAccount>> Directory::account_by_id(std::string id) {
  return answer(accounts_by_id_, id, [this, id] { return as_local(accounts_.find_by_id(id)); });
}

Task<Directory::Addresses> Directory::addresses_of(std::string account_id) {
  return answer(addresses_, account_id, [this, account_id]() -> Addresses {
    return std::make_shared<const std::set<std::string>>(accounts_.addresses_of(account_id));
  });
}

}  // namespace postern::relay
