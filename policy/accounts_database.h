// policy/accounts_database.h: what the parts of Accounts share: the rows, and what is remembered of
// logins. Private to policy/.
#pragma once

#include <atomic>
#include <mutex>
#include <unordered_map>

#include "core/error.h"
#include "core/sqlite.h"
#include "policy/accounts.h"
#include "policy/password_hash.h"

namespace postern::policy {

using std::chrono::steady_clock;
using std::chrono::sys_seconds;

constexpr std::size_t most_targets = 1000;  ///< of an alias, and of all that it leads to

/// By the system's clock: the accounts are asked on threads of a pool, which have no loop.
inline sys_seconds now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}
inline std::int64_t seconds(sys_seconds time) { return time.time_since_epoch().count(); }
inline sys_seconds time_of(std::int64_t value) { return sys_seconds(std::chrono::seconds(value)); }

using Kind = AccountError::Kind;
inline std::unexpected<AccountError> refuse(Kind kind, std::string text) {
  return std::unexpected(AccountError{kind, std::move(text)});
}
inline std::unexpected<AccountError> no_account(const mail::EmailAddress& address) {
  return refuse(AccountError::Kind::not_found, "there is no account " + address.text());
}

/// "ann+lists@b.example" → "ann@b.example", folded; empty without a detail.
std::string without_detail(const mail::EmailAddress& address);

/// What Impl::found_of reads.
inline constexpr std::string_view account_columns =
    "id, address, enabled, operator, quota, uid_validity, created, password, version";

/// An account as its row tells it.
struct Found {
  Account account;
  std::string record;
  std::int64_t version = 0;
};

/// Another one after each change of the password, and after being disabled.
inline std::string own_credential(const Found& found) {
  return found.account.id + "/" + std::to_string(found.version);
}
inline std::string app_credential(const std::string& account, const std::string& digest) {
  return account + "/" + digest;
}

struct Memory {
  std::string digest;
  std::int64_t version = 0;
  steady_clock::time_point expires;
};

struct Accounts::Impl {
  Impl(const std::filesystem::path& file, unsigned cost_);

  Found found_of(const Sqlite::Rows& row) const;

  std::optional<Found> find_where(std::string_view column, std::string_view value);
  std::optional<Found> find(const mail::EmailAddress& address);

  bool is_alias(std::string_view folded);
  bool is_known(std::string_view folded);
  /// The key under which an address is known: its own, or that without a detail; its own if none.
  std::string key_of(const mail::EmailAddress& address);
  std::vector<mail::EmailAddress> targets(std::string_view source);

  void changed();  ///< moves the revision; within the transaction, under the mutex

  /// The credential of an app password of this scope that matches; notes its use.
  std::optional<std::string> verify_app_password(const Found& found, std::string_view password,
                                                 Scope scope);
  void note_use(std::string_view id, std::string_view label) noexcept;

  std::string memory_digest(const Found& found, std::string_view password) const;
  bool remembers(const Found& found, std::string_view password);
  void remember(const Found& found, std::string_view password);

  std::atomic<std::uint64_t> changes{0};
  std::mutex mutex;  // guards `database` and `memories`; never held while hashing
  Sqlite database;
  const unsigned cost;
  const std::string memory_key;
  const std::string nobody;  // what the password of unknown accounts is compared with
  std::unordered_map<std::string, Memory> memories;
};

}  // namespace postern::policy
