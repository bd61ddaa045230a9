// relay/worker/logins.cc: reserve a slot, hash in the pool, give the slot back if it was right.
#include "relay/worker/logins.h"

#include "core/async/loop.h"
#include "core/async/offload.h"
#include "core/async/timer.h"
#include "core/log.h"
#include "core/metrics.h"

namespace postern::relay {

/// A slot is held while a password is verified, so that parallel guesses count. Many good logins at
/// once from one address are no attack: while some are under way, wait for their slots.
Task<std::optional<net::AddressTable::Attempt>> Logins::reserve(net::Address peer) {
  constexpr std::chrono::milliseconds pause{20};
  constexpr int looks = 500;
  for (int look = 0; look < looks; ++look) {
    auto attempt = addresses_.attempt(peer, Loop::current().now());
    if (attempt || under_way_ == 0) co_return attempt;
    co_await sleep_for(pause);
  }
  co_return std::nullopt;
}

Task<std::expected<policy::Account, policy::AuthFailure>> Logins::login(std::string user,
                                                                        std::string password,
                                                                        policy::Scope scope,
                                                                        net::Address peer) {
  struct UnderWay {
    std::atomic<int>& count;
    explicit UnderWay(std::atomic<int>& all) : count(all) { ++count; }
    ~UnderWay() { --count; }
  };
  auto attempt = co_await reserve(peer);
  if (!attempt) {
    log::warn("login_blocked", {{"peer", peer.text()}, {"login", user}});
    co_return std::unexpected(policy::AuthFailure::too_many);
  }
  const UnderWay under_way(under_way_);  // until the slot is given back
  const std::uint64_t changes = accounts_.changes();
  std::optional<policy::Account> account;
  try {
    account = co_await offload(lookups_, [&] { return accounts_.recall(user, password, scope); });
    if (!account) {
      account = co_await offload(hashing_, [&] { return accounts_.verify(user, password, scope); });
    }
  } catch (const IoError& error) {
    log::error("login_unavailable", {{"error", error.what()}});
    attempt->succeeded();  // our fault, not theirs
    co_return std::unexpected(policy::AuthFailure::unavailable);
  }
  static metrics::Counter& good =
      metrics::counter("postern_logins_total", "Logins by outcome", {{"outcome", "accepted"}});
  static metrics::Counter& bad =
      metrics::counter("postern_logins_total", "Logins by outcome", {{"outcome", "refused"}});
  if (!account) {
    bad.add();
    log::info("login_refused", {{"peer", peer.text()}, {"login", user}});
    co_return std::unexpected(policy::AuthFailure::bad_credentials);
  }
  attempt->succeeded();
  good.add();
  admit(account->credential, changes);
  co_return std::move(*account);
}

bool Logins::is_live(const std::string& credential) const {
  const std::lock_guard lock(mutex_);
  return live_.contains(credential);
}

void Logins::refresh() {
  std::unordered_set<std::string> live = accounts_.live_credentials();
  const std::lock_guard lock(mutex_);
  live_ = std::move(live);
}

/// It was right a moment ago, and is new to us if the accounts were changed without us. Not if they
/// have been changed since: then `refresh` knows better.
void Logins::admit(const std::string& credential, std::uint64_t changes) {
  const std::lock_guard lock(mutex_);
  if (accounts_.changes() == changes) live_.insert(credential);
}

}  // namespace postern::relay
