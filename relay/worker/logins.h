// relay/worker/logins.h: checks passwords for every protocol, within the allowance of an address.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <unordered_set>

#include "core/async/thread_pool.h"
#include "core/net/address_table.h"
#include "policy/authenticator.h"

namespace postern::relay {

/// One for the process; callable from every loop.
class Logins final : public policy::Authenticator {
 public:
  /// The size of `hashing` limits how many cores logins may take; `lookups` serves those that need
  /// no hash work.
  Logins(policy::Accounts& accounts, net::AddressTable& addresses, ThreadPool& hashing,
         ThreadPool& lookups)
      : accounts_(accounts), addresses_(addresses), hashing_(hashing), lookups_(lookups) {
    refresh();
  }

  Task<std::expected<policy::Account, policy::AuthFailure>> login(std::string user,
                                                                  std::string password,
                                                                  policy::Scope scope,
                                                                  net::Address peer) override;
  bool is_live(const std::string& credential) const override;
  /// After a change of the accounts: asks them which credentials are left. Blocking.
  void refresh();

 private:
  Task<std::optional<net::AddressTable::Attempt>> reserve(net::Address peer);
  void admit(const std::string& credential, std::uint64_t changes);

  policy::Accounts& accounts_;
  net::AddressTable& addresses_;
  ThreadPool& hashing_;
  ThreadPool& lookups_;
  std::atomic<int> under_way_{0};
  mutable std::mutex mutex_;  // of what follows
  std::unordered_set<std::string> live_;
};

}  // namespace postern::relay
