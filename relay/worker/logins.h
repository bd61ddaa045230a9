// relay/worker/logins.h: checks passwords for every protocol, within the allowance of who asks.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "core/async/fair_pool.h"
#include "core/async/loop.h"
#include "core/async/thread_pool.h"
#include "policy/authenticator.h"
#include "policy/login_allowance.h"

namespace postern::relay {

/// One for the process; callable from every loop.
class Logins final : public policy::Authenticator {
 public:
  using Verdict = std::expected<policy::Account, policy::AuthFailure>;

  /// The size of `hashing` limits how many cores logins may take; `lookups` serves those that need
  /// no hash work, and nobody else.
  Logins(policy::Accounts& accounts, policy::LoginAllowance& allowance, FairPool& hashing,
         ThreadPool& lookups)
      : accounts_(accounts), allowance_(allowance), hashing_(hashing), lookups_(lookups) {
    refresh();
  }

  Task<Verdict> login(std::string user, std::string password, policy::Scope scope,
                      net::Address peer) override;
  bool is_live(const std::string& credential) const override;
  std::shared_ptr<void> watch(const std::string& credential, std::function<void()> told) override;
  /// After a change of the accounts: asks them which credentials are left. Blocking.
  void refresh();

 private:
  struct Claim;
  using Attempt = policy::LoginAllowance::Attempt;
  struct Watcher {
    Loop* loop;
    std::weak_ptr<std::function<void()>> told;  // to be locked on that loop only
  };

  Task<std::optional<policy::Account>> recall(const Claim& claim);
  Task<std::expected<Attempt, policy::AuthFailure>> reserve(const Claim& claim);
  Task<Verdict> verify(const Claim& claim);
  Task<> note_refusal(std::string_view event, const Claim& claim);
  void admit(const std::string& credential, std::uint64_t changes);
  void tell_watchers();

  policy::Accounts& accounts_;
  policy::LoginAllowance& allowance_;
  FairPool& hashing_;
  ThreadPool& lookups_;
  mutable std::mutex mutex_;  // of what follows
  std::unordered_set<std::string> live_;
  std::unordered_multimap<std::string, Watcher> watchers_;  // by credential
};

}  // namespace postern::relay
