// relay/worker/logins.cc: what is remembered passes; else reserve a slot, hash when it is our turn,
// give the slot back if the password was right.
#include "relay/worker/logins.h"

#include "core/async/offload.h"
#include "core/async/offload_by_turn.h"
#include "core/async/timer.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/sha256.h"

namespace postern::relay {
namespace {

constexpr std::string_view blocked = "login_blocked";

void count(bool is_accepted) {
  static metrics::Counter& good =
      metrics::counter("postern_logins_total", "Logins by outcome", {{"outcome", "accepted"}});
  static metrics::Counter& bad =
      metrics::counter("postern_logins_total", "Logins by outcome", {{"outcome", "refused"}});
  (is_accepted ? good : bad).add();
}

/// Who types a password where the name belongs must not find it in the log: names that nobody here
/// has are only told apart.
log::Fields fields_of(const net::Address& peer, const std::string& user, bool is_known) {
  constexpr std::size_t shown = 8;
  if (is_known) return {{"peer", peer.text()}, {"login", user}};
  return {{"peer", peer.text()},
          {"login_sha256", sha256(user).substr(0, shown)},
          {"login_length", user.size()}};
}

}  // namespace

/// What a client claims, where it stands.
struct Logins::Claim {
  std::string user, password;
  policy::Scope scope;
  net::Address peer;
};

Task<Logins::Verdict> Logins::login(std::string user, std::string password, policy::Scope scope,
                                    net::Address peer) {
  const Claim claim{std::move(user), std::move(password), scope, std::move(peer)};
  const std::uint64_t changes = accounts_.changes();
  try {
    Verdict verdict = std::unexpected(policy::AuthFailure::bad_credentials);
    if (auto account = co_await recall(claim))
      verdict = *std::move(account);
    else
      verdict = co_await verify(claim);
    if (verdict) {
      count(true);
      admit(verdict->credential, changes);
    }
    co_return verdict;
  } catch (const IoError& error) {
    log::error("login_unavailable", {{"error", error.what()}});
    co_return std::unexpected(policy::AuthFailure::unavailable);
  }
}

/// Without a slot, so that what was good a moment ago is so whoever else has failed.
Task<std::optional<policy::Account>> Logins::recall(const Claim& claim) {
  if (!allowance_.may_recall(claim.peer, claim.user, Loop::current().now())) co_return std::nullopt;
  auto account = co_await offload(
      lookups_, [&] { return accounts_.recall(claim.user, claim.password, claim.scope); });
  if (account) allowance_.recalled(claim.peer, claim.user);
  co_return account;
}

/// A slot is held while a password is verified, so that parallel guesses count. Many good logins at
/// once from one place are no attack: they wait for each other's slots.
Task<std::expected<Logins::Attempt, policy::AuthFailure>> Logins::reserve(const Claim& claim) {
  constexpr std::chrono::milliseconds pause{50};
  constexpr int looks = 600;
  for (int look = 0; look < looks; ++look) {
    auto attempt = allowance_.attempt(claim.peer, claim.user, Loop::current().now());
    if (attempt) co_return std::move(*attempt);
    if (attempt.error() == policy::LoginAllowance::Refusal::exhausted)
      co_return std::unexpected(policy::AuthFailure::too_many);
    co_await sleep_for(pause);
  }
  co_return std::unexpected(policy::AuthFailure::unavailable);
}

Task<Logins::Verdict> Logins::verify(const Claim& claim) {
  auto attempt = co_await reserve(claim);
  if (!attempt) {
    co_await note_refusal(blocked, claim);
    co_return std::unexpected(attempt.error());
  }
  std::optional<policy::Account> account;
  try {
    account = co_await offload_by_turn(hashing_, attempt->turn(), [&] {
      return accounts_.verify(claim.user, claim.password, claim.scope);
    });
  } catch (const IoError&) {
    attempt->excuse();  // our fault, not theirs
    throw;
  }
  if (account) {
    attempt->succeeded();
    co_return *std::move(account);
  }
  count(false);
  co_await note_refusal("login_refused", claim);
  co_return std::unexpected(attempt->is_past_limit() ? policy::AuthFailure::too_many
                                                     : policy::AuthFailure::bad_credentials);
}

Task<> Logins::note_refusal(std::string_view event, const Claim& claim) {
  const bool is_known =
      co_await offload(lookups_, [&] { return accounts_.has_account(claim.user); });
  const auto level = event == blocked ? log::Level::warn : log::Level::info;
  log::write(level, event, fields_of(claim.peer, claim.user, is_known));
}

bool Logins::is_live(const std::string& credential) const {
  const std::lock_guard lock(mutex_);
  return live_.contains(credential);
}

std::shared_ptr<void> Logins::watch(const std::string& credential, std::function<void()> told) {
  auto shared = std::make_shared<std::function<void()>>(std::move(told));
  const std::lock_guard lock(mutex_);
  const auto [first, last] = watchers_.equal_range(credential);
  for (auto one = first; one != last;)
    one = one->second.told.expired() ? watchers_.erase(one) : std::next(one);
  watchers_.emplace(credential, Watcher{&Loop::current(), shared});
  return shared;
}

void Logins::refresh() {
  std::unordered_set<std::string> live = accounts_.live_credentials();
  const std::lock_guard lock(mutex_);
  live_ = std::move(live);
  tell_watchers();
}

/// Of credentials that are good no more; they hear it once.
void Logins::tell_watchers() {
  std::erase_if(watchers_, [&](const auto& entry) {
    const auto& [credential, watcher] = entry;
    if (live_.contains(credential)) return watcher.told.expired();
    watcher.loop->post([told = watcher.told] {
      if (const auto call = told.lock()) (*call)();
    });
    return true;
  });
}

/// It was right a moment ago, and is new to us if the accounts were changed without us. Not if they
/// have been changed since: then `refresh` knows better.
void Logins::admit(const std::string& credential, std::uint64_t changes) {
  const std::lock_guard lock(mutex_);
  if (accounts_.changes() == changes) live_.insert(credential);
}

}  // namespace postern::relay
