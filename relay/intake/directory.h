// relay/intake/directory.h: the addresses that live here, for a worker's coroutines.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include "core/async/offload.h"
#include "delivery/local_addresses.h"
#include "policy/accounts.h"
#include "relay/worker/snapshot.h"

namespace postern::relay {

/// Looks addresses up in the accounts (in `pool`, they are a database) and the configuration.
class Directory final : public delivery::LocalAddresses {
 public:
  Directory(policy::Accounts& accounts, ThreadPool& pool, std::shared_ptr<const Snapshot> snapshot);
  void configure(std::shared_ptr<const Snapshot> snapshot) { snapshot_ = std::move(snapshot); }

  bool is_local(const mail::Domain& domain) const override;
  Task<std::vector<mail::EmailAddress>> expand(mail::EmailAddress address) override;
  Task<std::optional<delivery::LocalAccount>> find_account(mail::EmailAddress address) override;
  Task<std::optional<delivery::LocalAccount>> account_by_id(std::string id) override;
  /// Every address that the account may send from, folded (EmailAddress::folded). Remembered until
  /// the accounts change.
  using Addresses = std::shared_ptr<const std::set<std::string>>;
  Task<Addresses> addresses_of(std::string account_id);

 private:
  std::optional<mail::EmailAddress> stand_in(const mail::EmailAddress& address) const;

  policy::Accounts& accounts_;
  ThreadPool& pool_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::unordered_map<std::string, Addresses> remembered_;
  std::uint64_t remembered_at_ = 0;  // policy::Accounts::changes
};

}  // namespace postern::relay
