// policy/accounts.cc: accounts, app passwords and aliases in SQLite.
#include "policy/accounts.h"

#include <algorithm>
#include <array>
#include <deque>
#include <mutex>
#include <unordered_map>

#include "core/error.h"
#include "policy/password_hash.h"
#include "policy/sqlite.h"

namespace postern::policy {

namespace {

using std::chrono::steady_clock;
using std::chrono::sys_seconds;
using Kind = AccountError::Kind;

constexpr std::size_t most_targets = 1000;
constexpr std::size_t longest_password = 1024;
constexpr auto remembered_for = std::chrono::minutes(10);
constexpr std::size_t most_remembered = 10'000;
constexpr auto kept_after_removal = std::chrono::days(30);
constexpr auto last_use_precision = std::chrono::minutes(1);  // a write for each login is too much

constexpr const char* schema = R"sql(
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO meta VALUES ('schema', 1), ('revision', 1), ('uid_validity', 0);
CREATE TABLE IF NOT EXISTS account (
  id TEXT PRIMARY KEY, address TEXT NOT NULL, folded TEXT NOT NULL UNIQUE, password TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1, enabled INTEGER NOT NULL DEFAULT 1, operator INTEGER NOT NULL,
  quota INTEGER, uid_validity INTEGER NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS app_password (
  account TEXT NOT NULL REFERENCES account(id) ON DELETE CASCADE, label TEXT NOT NULL,
  scopes INTEGER NOT NULL, digest TEXT NOT NULL, created INTEGER NOT NULL, last_use INTEGER,
  PRIMARY KEY (account, label)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alias (
  source TEXT NOT NULL, place INTEGER NOT NULL, source_address TEXT NOT NULL,
  target TEXT NOT NULL, target_address TEXT NOT NULL, PRIMARY KEY (source, place)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS alias_target ON alias(target);
CREATE TABLE IF NOT EXISTS removed (
  id TEXT PRIMARY KEY, address TEXT NOT NULL, purge_at INTEGER NOT NULL) WITHOUT ROWID;
)sql";

constexpr std::string_view account_columns =
    "id, address, enabled, operator, quota, uid_validity, created, password, version";

constexpr std::array<std::pair<std::string_view, Scope>, 4> scope_names{
    {{"smtp", Scope::smtp}, {"imap", Scope::imap}, {"pop3", Scope::pop3}, {"http", Scope::http}}};

sys_seconds now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}
std::int64_t seconds(sys_seconds time) { return time.time_since_epoch().count(); }
sys_seconds time_of(std::int64_t value) { return sys_seconds(std::chrono::seconds(value)); }

std::unexpected<AccountError> refuse(Kind kind, std::string text) {
  return std::unexpected(AccountError{kind, std::move(text)});
}
std::unexpected<AccountError> no_account(const mail::EmailAddress& address) {
  return refuse(Kind::not_found, "there is no account " + address.text());
}

/// "ann+lists@b.example" → "ann@b.example", folded; empty without a detail.
std::string without_detail(const mail::EmailAddress& address) {
  const std::string& local = address.local_part();
  const std::size_t plus = local.find('+');
  if (plus == std::string::npos || plus == 0) return {};
  const auto base = mail::EmailAddress::parse(mail::quote_local_part(local.substr(0, plus)) + "@" +
                                              address.domain().text());
  return base ? base->folded() : std::string();
}

std::optional<AccountError> unfit(std::string_view password) {
  if (password.empty()) return AccountError{Kind::invalid, "a password must not be empty"};
  if (password.size() > longest_password) {
    return AccountError{Kind::invalid, "a password has 1024 octets at most"};
  }
  const bool has_control = std::ranges::any_of(
      password, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
  if (has_control)
    return AccountError{Kind::invalid, "a password must not hold control characters"};
  return std::nullopt;
}

struct Found {
  Account account;
  std::string record;
  std::int64_t version = 0;
};

struct Memory {
  std::string digest;
  std::int64_t version = 0;
  steady_clock::time_point expires;
};

}  // namespace

struct Accounts::Impl {
  Impl(const std::filesystem::path& file, unsigned cost_)
      : database(file),
        cost(cost_),
        memory_key(random_bytes(32)),
        nobody(hash_password(random_bytes(16), cost_)) {
    Transaction transaction(database);
    database.script(schema);
    transaction.commit();
  }

  Found found_of(const Sqlite::Rows& row) const {
    auto address = mail::EmailAddress::parse(row.text(1));
    if (!address) throw IoError("accounts.db holds what is no address");
    Account account{.id = row.text(0),
                    .address = std::move(*address),
                    .enabled = row.integer(2) != 0,
                    .is_operator = row.integer(3) != 0,
                    .quota = std::nullopt,
                    .uid_validity = static_cast<std::uint32_t>(row.integer(5)),
                    .created = time_of(row.integer(6))};
    if (!row.is_null(4)) account.quota = static_cast<std::uint64_t>(row.integer(4));
    return {std::move(account), row.text(7), row.integer(8)};
  }

  std::optional<Found> find_where(std::string_view column, std::string_view value) {
    auto rows = database.query("SELECT " + std::string(account_columns) + " FROM account WHERE " +
                                   std::string(column) + " = ?",
                               value);
    if (!rows.next()) return std::nullopt;
    return found_of(rows);
  }
  std::optional<Found> find(const mail::EmailAddress& address) {
    return find_where("folded", address.folded());
  }

  bool is_alias(std::string_view folded) {
    return database.query("SELECT 1 FROM alias WHERE source = ? LIMIT 1", folded).next();
  }
  bool is_known(std::string_view folded) {
    return is_alias(folded) || find_where("folded", folded).has_value();
  }
  /// The key under which an address is known: its own, or that without a detail; its own if none.
  std::string key_of(const mail::EmailAddress& address) {
    std::string own = address.folded();
    if (is_known(own)) return own;
    std::string base = without_detail(address);
    return !base.empty() && is_known(base) ? base : own;
  }
  std::vector<mail::EmailAddress> targets(std::string_view source) {
    std::vector<mail::EmailAddress> all;
    auto rows =
        database.query("SELECT target_address FROM alias WHERE source = ? ORDER BY place", source);
    while (rows.next()) {
      if (auto address = mail::EmailAddress::parse(rows.text(0)))
        all.push_back(std::move(*address));
    }
    return all;
  }

  void changed() { database.run("UPDATE meta SET value = value + 1 WHERE key = 'revision'"); }

  /// An app password of this scope that matches; notes its use.
  bool verify_app_password(const Found& found, std::string_view password, Scope scope) {
    const std::string digest = keyed_hash(found.account.id, password);
    std::string label;
    std::int64_t last_use = 0;
    auto rows = database.query(
        "SELECT label, digest, last_use FROM app_password WHERE account = ? AND scopes & ? != 0",
        found.account.id, static_cast<std::int64_t>(scope));
    while (rows.next()) {
      if (equal_in_constant_time(rows.text(1), digest)) {
        label = rows.text(0);
        last_use = rows.integer(2);
      }
    }
    if (label.empty()) return false;
    if (found.account.enabled && now() - time_of(last_use) >= last_use_precision) {
      note_use(found.account.id, label);
    }
    return true;
  }
  void note_use(std::string_view id, std::string_view label) noexcept {
    try {
      database.run("UPDATE app_password SET last_use = ? WHERE account = ? AND label = ?",
                   seconds(now()), id, label);
    } catch (const IoError&) {
      // Only a date: a full disk must not keep people from reading their mail.
    }
  }

  std::string memory_digest(const Found& found, std::string_view password) const {
    return keyed_hash(memory_key, found.account.id + '\0' + std::string(password));
  }
  bool remembers(const Found& found, std::string_view password) {
    const auto entry = memories.find(found.account.id);
    if (entry == memories.end()) return false;
    if (entry->second.expires <= steady_clock::now() || entry->second.version != found.version) {
      memories.erase(entry);
      return false;
    }
    return equal_in_constant_time(entry->second.digest, memory_digest(found, password));
  }
  void remember(const Found& found, std::string_view password) {
    if (memories.size() >= most_remembered) memories.clear();
    memories[found.account.id] = {memory_digest(found, password), found.version,
                                  steady_clock::now() + remembered_for};
  }

  std::mutex mutex;  // guards `database` and `memories`; never held while hashing
  Sqlite database;
  const unsigned cost;
  const std::string memory_key;
  const std::string nobody;  // what the password of unknown accounts is compared with
  std::unordered_map<std::string, Memory> memories;
};

Accounts::Accounts(const std::filesystem::path& file, unsigned cost)
    : impl_(std::make_unique<Impl>(file, cost)) {}
Accounts::~Accounts() = default;

// Who is it

std::optional<Account> Accounts::find(const mail::EmailAddress& address) {
  const std::scoped_lock lock(impl_->mutex);
  auto found = impl_->find(address);
  if (!found) return std::nullopt;
  return std::move(found->account);
}

std::optional<Account> Accounts::find_by_id(std::string_view id) {
  const std::scoped_lock lock(impl_->mutex);
  auto found = impl_->find_where("id", id);
  if (!found) return std::nullopt;
  return std::move(found->account);
}

std::optional<Account> Accounts::verify(std::string_view login, std::string_view password,
                                        Scope scope) {
  const auto address = mail::EmailAddress::parse(login);
  const bool is_possible = address && password.size() <= longest_password;
  std::optional<Found> found;
  if (is_possible) {
    const std::scoped_lock lock(impl_->mutex);
    found = impl_->find(*address);
    if (found && (impl_->verify_app_password(*found, password, scope) ||
                  impl_->remembers(*found, password))) {
      if (found->account.enabled) return std::move(found->account);
    }
  }
  const std::string_view tried = password.substr(0, longest_password);
  const bool is_right = verify_password(tried, found ? found->record : impl_->nobody);
  if (!is_right || !found) return std::nullopt;

  const std::scoped_lock lock(impl_->mutex);
  const auto current = impl_->find_where("id", found->account.id);
  // The password may have been changed while we hashed.
  if (!current || !current->account.enabled || current->version != found->version) {
    return std::nullopt;
  }
  impl_->remember(*current, password);
  return current->account;
}

std::vector<Account> Accounts::list() {
  const std::scoped_lock lock(impl_->mutex);
  std::vector<Account> all;
  auto rows = impl_->database.query("SELECT " + std::string(account_columns) +
                                    " FROM account ORDER BY folded");
  while (rows.next()) all.push_back(impl_->found_of(rows).account);
  return all;
}

// Change accounts

AccountResult<Account> Accounts::add(const mail::EmailAddress& address, std::string_view password,
                                     std::optional<std::uint64_t> quota, bool is_operator) {
  if (auto error = unfit(password)) return std::unexpected(std::move(*error));
  if (address.domain().is_literal()) {
    return refuse(Kind::invalid, "an account's domain is a name, not an address literal");
  }
  const std::string record = hash_password(password, impl_->cost);
  const std::string folded = address.folded();

  const std::scoped_lock lock(impl_->mutex);
  Transaction transaction(impl_->database);
  if (impl_->find(address)) {
    return refuse(Kind::exists, "there is an account " + address.text() + " already");
  }
  if (impl_->is_alias(folded)) {
    return refuse(Kind::exists, address.text() + " is an alias: remove that first");
  }
  std::string id;
  for (const char byte : random_bytes(10)) {
    id += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  const std::int64_t created = seconds(now());
  impl_->database.run("UPDATE meta SET value = max(value + 1, ?) WHERE key = 'uid_validity'",
                      created);
  const auto stored_quota = quota ? std::optional(static_cast<std::int64_t>(*quota)) : std::nullopt;
  impl_->database.run(
      "INSERT INTO account (id, address, folded, password, operator, quota, uid_validity, created)"
      " SELECT ?, ?, ?, ?, ?, ?, value, ? FROM meta WHERE key = 'uid_validity'",
      id, address.text(), folded, record, std::int64_t{is_operator}, stored_quota, created);
  impl_->changed();
  auto made = impl_->find(address);
  transaction.commit();
  return std::move(made->account);
}

AccountResult<> Accounts::set_password(const mail::EmailAddress& address,
                                       std::string_view password) {
  if (auto error = unfit(password)) return std::unexpected(std::move(*error));
  const std::string record = hash_password(password, impl_->cost);
  const std::scoped_lock lock(impl_->mutex);
  Transaction transaction(impl_->database);
  const auto rows =
      impl_->database.run("UPDATE account SET password = ?, version = version + 1 WHERE folded = ?",
                          record, address.folded());
  if (rows == 0) return no_account(address);
  impl_->changed();
  transaction.commit();
  return {};
}

AccountResult<> Accounts::set_enabled(const mail::EmailAddress& address, bool enabled) {
  const std::scoped_lock lock(impl_->mutex);
  Transaction transaction(impl_->database);
  const auto rows =
      impl_->database.run("UPDATE account SET enabled = ?, version = version + 1 WHERE folded = ?",
                          std::int64_t{enabled}, address.folded());
  if (rows == 0) return no_account(address);
  impl_->changed();
  transaction.commit();
  return {};
}

AccountResult<> Accounts::remove(const mail::EmailAddress& address, bool purge) {
  const std::scoped_lock lock(impl_->mutex);
  Transaction transaction(impl_->database);
  const auto found = impl_->find(address);
  if (!found) return no_account(address);
  const sys_seconds until = purge ? now() : now() + kept_after_removal;
  impl_->database.run("INSERT OR REPLACE INTO removed VALUES (?, ?, ?)", found->account.id,
                      found->account.address.text(), seconds(until));
  impl_->database.run("DELETE FROM account WHERE id = ?", found->account.id);
  impl_->changed();
  transaction.commit();
  impl_->memories.erase(found->account.id);
  return {};
}

std::vector<RemovedAccount> Accounts::purgeable(sys_seconds time) {
  const std::scoped_lock lock(impl_->mutex);
  std::vector<RemovedAccount> all;
  auto rows = impl_->database.query("SELECT id, address, purge_at FROM removed WHERE purge_at <= ?",
                                    seconds(time));
  while (rows.next()) all.push_back({rows.text(0), rows.text(1), time_of(rows.integer(2))});
  return all;
}

void Accounts::forget(std::string_view id) {
  const std::scoped_lock lock(impl_->mutex);
  impl_->database.run("DELETE FROM removed WHERE id = ?", id);
}

// App passwords

AccountResult<std::string> Accounts::add_app_password(const mail::EmailAddress& address,
                                                      std::string_view label, unsigned scopes) {
  const bool has_control = std::ranges::any_of(
      label, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
  if (label.empty() || label.size() > 100 || has_control) {
    return refuse(Kind::invalid, "a label has 1 to 100 octets and no control characters");
  }
  if (scopes == 0 || scopes > 15) return refuse(Kind::invalid, "an app password needs a scope");
  const std::string secret = make_password();
  const std::scoped_lock lock(impl_->mutex);
  Transaction transaction(impl_->database);
  const auto found = impl_->find(address);
  if (!found) return no_account(address);
  const auto rows = impl_->database.run(
      "INSERT OR IGNORE INTO app_password (account, label, scopes, digest, created)"
      " VALUES (?, ?, ?, ?, ?)",
      found->account.id, label, static_cast<std::int64_t>(scopes),
      keyed_hash(found->account.id, secret), seconds(now()));
  if (rows == 0) {
    return refuse(Kind::exists,
                  "there is an app password with this label already: revoke it first");
  }
  impl_->changed();
  transaction.commit();
  return secret;
}

AccountResult<std::vector<AppPassword>> Accounts::app_passwords(const mail::EmailAddress& address) {
  const std::scoped_lock lock(impl_->mutex);
  const auto found = impl_->find(address);
  if (!found) return no_account(address);
  std::vector<AppPassword> all;
  auto rows = impl_->database.query(
      "SELECT label, scopes, created, last_use FROM app_password WHERE account = ? ORDER BY label",
      found->account.id);
  while (rows.next()) {
    AppPassword one{rows.text(0), static_cast<unsigned>(rows.integer(1)), time_of(rows.integer(2)),
                    std::nullopt};
    if (!rows.is_null(3)) one.last_use = time_of(rows.integer(3));
    all.push_back(std::move(one));
  }
  return all;
}

AccountResult<> Accounts::revoke_app_password(const mail::EmailAddress& address,
                                              std::string_view label) {
  const std::scoped_lock lock(impl_->mutex);
  Transaction transaction(impl_->database);
  const auto found = impl_->find(address);
  if (!found) return no_account(address);
  const auto rows = impl_->database.run("DELETE FROM app_password WHERE account = ? AND label = ?",
                                        found->account.id, label);
  if (rows == 0) return refuse(Kind::not_found, "there is no app password with this label");
  impl_->changed();
  transaction.commit();
  return {};
}

// Aliases

AccountResult<> Accounts::add_alias(const mail::EmailAddress& from,
                                    const std::vector<mail::EmailAddress>& to) {
  if (to.empty()) return refuse(Kind::invalid, "an alias needs a target");
  if (to.size() > most_targets) return refuse(Kind::invalid, "an alias has 1000 targets at most");
  const std::string source = from.folded();
  const std::scoped_lock lock(impl_->mutex);
  Transaction transaction(impl_->database);
  if (impl_->is_alias(source)) {
    return refuse(Kind::exists, "there is an alias " + from.text() + " already: remove it first");
  }
  std::set<std::string> seen;
  std::deque<mail::EmailAddress> open(to.begin(), to.end());
  const bool keeps_copy = impl_->find(from).has_value();
  for (std::size_t i = 0; !open.empty(); ++i) {
    const mail::EmailAddress address = std::move(open.front());
    open.pop_front();
    const std::string key = impl_->key_of(address);
    const bool is_itself = key == source || without_detail(address) == source;
    if (is_itself && !(keeps_copy && i < to.size())) {
      return refuse(Kind::invalid, "that would lead back to " + from.text() + ": a loop");
    }
    if (is_itself || !seen.insert(key).second) continue;
    if (seen.size() > most_targets) {
      return refuse(Kind::invalid, "that alias would lead to more than 1000 addresses");
    }
    for (auto& next : impl_->targets(key)) {
      if (next.folded() != key) open.push_back(std::move(next));
    }
  }
  std::int64_t place = 0;
  for (const mail::EmailAddress& target : to) {
    impl_->database.run("INSERT INTO alias VALUES (?, ?, ?, ?, ?)", source, place++, from.text(),
                        target.folded(), target.text());
  }
  impl_->changed();
  transaction.commit();
  return {};
}

AccountResult<> Accounts::remove_alias(const mail::EmailAddress& from) {
  const std::scoped_lock lock(impl_->mutex);
  Transaction transaction(impl_->database);
  if (impl_->database.run("DELETE FROM alias WHERE source = ?", from.folded()) == 0) {
    return refuse(Kind::not_found, "there is no alias " + from.text());
  }
  impl_->changed();
  transaction.commit();
  return {};
}

std::vector<Alias> Accounts::aliases() {
  const std::scoped_lock lock(impl_->mutex);
  std::vector<Alias> all;
  auto rows = impl_->database.query(
      "SELECT source_address, target_address FROM alias ORDER BY source, place");
  while (rows.next()) {
    auto from = mail::EmailAddress::parse(rows.text(0));
    auto to = mail::EmailAddress::parse(rows.text(1));
    if (!from || !to) continue;
    if (all.empty() || all.back().from != *from) all.push_back({std::move(*from), {}});
    all.back().to.push_back(std::move(*to));
  }
  return all;
}

std::vector<mail::EmailAddress> Accounts::expand(const mail::EmailAddress& address) {
  const std::scoped_lock lock(impl_->mutex);
  std::vector<mail::EmailAddress> ends;
  std::set<std::string> seen, ended;
  std::deque<mail::EmailAddress> open{address};
  while (!open.empty() && ends.size() < most_targets) {
    const mail::EmailAddress one = std::move(open.front());
    open.pop_front();
    const std::string key = impl_->key_of(one);
    const auto next = seen.contains(key) ? std::vector<mail::EmailAddress>() : impl_->targets(key);
    const bool was_seen = !seen.insert(key).second;
    for (const auto& target : next) open.push_back(target);
    // What was seen already is an end only as the account that keeps a copy.
    const auto account = impl_->find_where("folded", key);
    const bool is_end = next.empty() && (!was_seen || account.has_value());
    if (is_end && ended.insert(key).second)
      ends.push_back(account ? account->account.address : one);
  }
  return ends;
}

bool Accounts::exists(const mail::EmailAddress& address) {
  const std::scoped_lock lock(impl_->mutex);
  const std::string base = without_detail(address);
  return impl_->is_known(address.folded()) || (!base.empty() && impl_->is_known(base));
}

std::set<std::string> Accounts::addresses_of(std::string_view account_id) {
  const std::scoped_lock lock(impl_->mutex);
  std::set<std::string> all;
  const auto found = impl_->find_where("id", account_id);
  if (!found) return all;
  std::deque<std::string> open{found->account.address.folded()};
  while (!open.empty()) {
    const std::string one = std::move(open.front());
    open.pop_front();
    if (!all.insert(one).second) continue;
    auto rows = impl_->database.query("SELECT source FROM alias WHERE target = ?", one);
    while (rows.next()) open.push_back(rows.text(0));
  }
  return all;
}

std::uint64_t Accounts::revision() {
  const std::scoped_lock lock(impl_->mutex);
  auto rows = impl_->database.query("SELECT value FROM meta WHERE key = 'revision'");
  return rows.next() ? static_cast<std::uint64_t>(rows.integer(0)) : 0;
}

// Words

std::string_view name(Scope scope) {
  for (const auto& [text, value] : scope_names) {
    if (value == scope) return text;
  }
  return "?";
}

std::expected<unsigned, std::string> parse_scopes(std::string_view text) {
  unsigned all = 0;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    const auto found =
        std::ranges::find(scope_names, word, [](const auto& pair) { return pair.first; });
    if (found == scope_names.end()) {
      return std::unexpected(
          std::string("a scope is smtp, imap, pop3 or http, or several with commas"));
    }
    all |= static_cast<unsigned>(found->second);
    if (comma == std::string_view::npos) return all;
    text.remove_prefix(comma + 1);
  }
}

std::string scopes_text(unsigned scopes) {
  std::string text;
  for (const auto& [word, value] : scope_names) {
    if ((scopes & static_cast<unsigned>(value)) != 0)
      text += (text.empty() ? "" : ",") + std::string(word);
  }
  return text;
}

std::string make_password() { return random_words(4); }

}  // namespace postern::policy
