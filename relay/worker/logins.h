// relay/worker/logins.h: checks passwords for every protocol, within the allowance of an address.
#pragma once

#include <atomic>

#include "core/async/thread_pool.h"
#include "core/net/address_table.h"
#include "mailbox/authenticator.h"

namespace postern::relay {

/// One for the process; callable from every loop.
class Logins final : public mailbox::Authenticator {
 public:
  /// The size of `hashing` limits how many cores logins may take; `lookups` serves those that need
  /// no hash work.
  Logins(policy::Accounts& accounts, net::AddressTable& addresses, ThreadPool& hashing,
         ThreadPool& lookups)
      : accounts_(accounts), addresses_(addresses), hashing_(hashing), lookups_(lookups) {}

  Task<std::expected<policy::Account, mailbox::AuthFailure>> login(std::string user,
                                                                   std::string password,
                                                                   policy::Scope scope,
                                                                   net::Address peer) override;

 private:
  Task<std::optional<net::AddressTable::Attempt>> reserve(net::Address peer);

  policy::Accounts& accounts_;
  net::AddressTable& addresses_;
  ThreadPool& hashing_;
  ThreadPool& lookups_;
  std::atomic<int> under_way_{0};
};

}  // namespace postern::relay
