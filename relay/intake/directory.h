// relay/intake/directory.h: the addresses that live here, for a worker's coroutines.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/async/offload.h"
#include "delivery/model/local_addresses.h"
#include "policy/accounts.h"
#include "relay/config/snapshot.h"
#include "relay/intake/remembered.h"

namespace postern::relay {

/// Looks addresses up in the accounts (in `pool`, they are a database) and the configuration.
/// What the accounts said is remembered until they change.
class Directory final : public delivery::LocalAddresses {
 public:
  Directory(policy::Accounts& accounts, ThreadPool& pool, std::shared_ptr<const Snapshot> snapshot);
  void configure(std::shared_ptr<const Snapshot> snapshot) { snapshot_ = std::move(snapshot); }

  bool is_local(const mail::Domain& domain) const override;
  Task<std::vector<mail::EmailAddress>> expand(mail::EmailAddress address) override;
  std::vector<mail::EmailAddress> stand_ins(const mail::EmailAddress& address) const override;
  Task<std::optional<delivery::LocalAccount>> find_account(mail::EmailAddress address) override;
  Task<std::optional<delivery::LocalAccount>> account_by_id(std::string id) override;
  /// Every address that the account may send from, folded (EmailAddress::folded).
  using Addresses = std::shared_ptr<const std::set<std::string>>;
  Task<Addresses> addresses_of(std::string account_id);

 private:
  using Account = std::optional<delivery::LocalAccount>;
  std::optional<mail::EmailAddress> catch_all(const mail::Domain& domain) const;
  /// The answer to `key`: the remembered one, else what `ask` finds in the pool.
  template <class Answer, class Ask>
  Task<Answer> answer(Remembered<Answer>& remembered, std::string key, Ask ask);

  policy::Accounts& accounts_;
  ThreadPool& pool_;
  std::shared_ptr<const Snapshot> snapshot_;
  Remembered<std::vector<mail::EmailAddress>> expansions_;
  Remembered<Account> accounts_by_address_, accounts_by_id_;
  Remembered<Addresses> addresses_;
};

}  // namespace postern::relay
