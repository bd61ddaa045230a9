// policy/accounts.h: who has an account here, their passwords, and the aliases (accounts.db).
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/mail/address.h"

namespace postern::policy {

/// What an app password is good for. The account's own password is good for all.
enum class Scope : unsigned { smtp = 1, imap = 2, pop3 = 4, http = 8 };
std::string_view name(Scope scope);
/// "smtp,imap" → their sum; the error says what is allowed.
std::expected<unsigned, std::string> parse_scopes(std::string_view text);
std::string scopes_text(unsigned scopes);

struct Account {
  std::string id;  ///< stable, never used again, safe in a file name
  mail::EmailAddress address;
  bool enabled = true, is_operator = false;
  std::optional<std::uint64_t> quota;
  /// Above that of every account before: a mailbox made again begins with a new UIDVALIDITY.
  std::uint32_t uid_validity = 1;
  std::chrono::sys_seconds created;
  /// Which password was right, in a word that says nothing of it: see live_credentials(). Empty
  /// but from verify() and recall().
  std::string credential;
};

struct AppPassword {
  std::string label;
  unsigned scopes = 0;
  std::chrono::sys_seconds created;
  std::optional<std::chrono::sys_seconds> last_use;
};

struct Alias {
  mail::EmailAddress from;
  std::vector<mail::EmailAddress> to;
};

/// An account that was removed; its mailbox is kept until `purge_at`.
struct RemovedAccount {
  std::string id;
  std::string address;
  std::chrono::sys_seconds purge_at;
};

/// Why an operation was refused, in words for the operator.
struct AccountError {
  enum class Kind { exists, not_found, invalid } kind{};
  std::string text;
};
template <class T = void>
using AccountResult = std::expected<T, AccountError>;

/// All blocking: call in offload. Safe to use from many threads. Throws IoError when the database
/// is in trouble. Addresses are compared without regard to ASCII case. Every change is on disk when
/// the call returns, and counts at once for what other threads verify.
class Accounts {
 public:
  /// `cost`: log2 of scrypt's N (r=8): 15 takes 32 MiB and about 80 ms.
  explicit Accounts(const std::filesystem::path& file, unsigned cost = 15);
  ~Accounts();
  Accounts(const Accounts&) = delete;
  Accounts& operator=(const Accounts&) = delete;

  // Who is it
  std::optional<Account> find(const mail::EmailAddress& address);
  std::optional<Account> find_by_id(std::string_view id);
  /// The account if `login` (its address) and the password, or an app password of this scope, are
  /// right and it is enabled. The same hash work for unknown and disabled accounts and wrong
  /// passwords. What was verified is remembered for ten minutes, as a keyed hash.
  std::optional<Account> verify(std::string_view login, std::string_view password, Scope scope);
  /// The same without the hash work: none when it takes that to know. So a login that was good a
  /// moment ago does not wait behind those that are guessed.
  std::optional<Account> recall(std::string_view login, std::string_view password, Scope scope);
  std::vector<Account> list();
  /// Every credential that would still be right: none of a disabled or removed account, of a
  /// password that was changed or an app password that was revoked.
  std::unordered_set<std::string> live_credentials();

  // Change accounts
  AccountResult<Account> add(const mail::EmailAddress& address, std::string_view password,
                             std::optional<std::uint64_t> quota, bool is_operator);
  AccountResult<> set_password(const mail::EmailAddress& address, std::string_view password);
  AccountResult<> set_enabled(const mail::EmailAddress& address, bool enabled);
  /// The mailbox may be deleted at once (`purge`) or after 30 days: see purgeable().
  AccountResult<> remove(const mail::EmailAddress& address, bool purge);
  /// Removed accounts whose mailbox may be deleted by now. Delete it, then call forget().
  std::vector<RemovedAccount> purgeable(std::chrono::sys_seconds now);
  void forget(std::string_view id);

  // App passwords
  /// The secret: letters, digits and '-'. It cannot be had again.
  AccountResult<std::string> add_app_password(const mail::EmailAddress& address,
                                              std::string_view label, unsigned scopes);
  AccountResult<std::vector<AppPassword>> app_passwords(const mail::EmailAddress& address);
  AccountResult<> revoke_app_password(const mail::EmailAddress& address, std::string_view label);

  // Aliases
  /// Refuses what would lead back to `from`. An alias on an account's address may name that address
  /// itself: the mailbox keeps a copy.
  AccountResult<> add_alias(const mail::EmailAddress& from,
                            const std::vector<mail::EmailAddress>& to);
  AccountResult<> remove_alias(const mail::EmailAddress& from);
  std::vector<Alias> aliases();

  /// Where mail for `address` goes: through aliases, "user+detail" to "user" when only that exists;
  /// itself when there is nothing else. Each address once, at most 1000, without loops.
  std::vector<mail::EmailAddress> expand(const mail::EmailAddress& address);
  /// What the account may send as, folded (EmailAddress::folded): its address and every alias that
  /// leads to it.
  std::set<std::string> addresses_of(std::string_view account_id);

  /// Grows with every change, of whatever process: a cache of anything above is stale when it
  /// moved.
  std::uint64_t revision();
  /// Grows before a change by this object counts. Never waits, so that a cache may ask each time.
  std::uint64_t changes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// 20 letters and digits in groups of five with '-', about 98 bits: easy to type.
std::string make_password();

}  // namespace postern::policy
