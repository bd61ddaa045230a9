// policy/accounts_database.cc: rows of accounts.db.
#include "policy/accounts_database.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/file_owner.h"

namespace postern::policy {

namespace {

constexpr auto remembered_for = std::chrono::minutes(10);
constexpr std::size_t most_remembered = 10'000;
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

/// For its owner alone; as root, for the owner of its folder, whom SQLite gives its -wal and -shm
/// files by itself.
std::string made_if_missing(const std::filesystem::path& file) {
  make_file_if_missing(file);
  if (::access(file.c_str(), R_OK | W_OK) != 0)
    throw IoError(file.string() + ": " + std::strerror(errno));
  return file.string();
}

}  // namespace

/// "ann+lists@b.example" → "ann@b.example", folded; empty without a detail.
std::string without_detail(const mail::EmailAddress& address) {
  const std::string& local = address.local_part();
  const std::size_t plus = local.find('+');
  if (plus == std::string::npos || plus == 0) return {};
  const auto base = mail::EmailAddress::parse(mail::quote_local_part(local.substr(0, plus)) + "@" +
                                              address.domain().text());
  return base ? base->folded() : std::string();
}

Accounts::Impl::Impl(const std::filesystem::path& file, unsigned cost_)
    : database("accounts.db", made_if_missing(file), Sqlite::Access::write),
      cost(cost_),
      memory_key(random_bytes(32)),
      nobody(hash_password(random_bytes(16), cost_)) {
  database.script("PRAGMA journal_mode=WAL");
  Transaction transaction(database);
  database.script(schema);
  transaction.commit();
}

Found Accounts::Impl::found_of(const Sqlite::Rows& row) const {
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

std::optional<Found> Accounts::Impl::find_where(std::string_view column, std::string_view value) {
  auto rows = database.query("SELECT " + std::string(account_columns) + " FROM account WHERE " +
                                 std::string(column) + " = ?",
                             value);
  if (!rows.next()) return std::nullopt;
  return found_of(rows);
}

std::optional<Found> Accounts::Impl::find(const mail::EmailAddress& address) {
  return find_where("folded", address.folded());
}

bool Accounts::Impl::is_alias(std::string_view folded) {
  return database.query("SELECT 1 FROM alias WHERE source = ? LIMIT 1", folded).next();
}

bool Accounts::Impl::is_known(std::string_view folded) {
  return is_alias(folded) || find_where("folded", folded).has_value();
}

std::string Accounts::Impl::key_of(const mail::EmailAddress& address) {
  std::string own = address.folded();
  if (is_known(own)) return own;
  std::string base = without_detail(address);
  return !base.empty() && is_known(base) ? base : own;
}

std::vector<mail::EmailAddress> Accounts::Impl::targets(std::string_view source) {
  std::vector<mail::EmailAddress> all;
  auto rows =
      database.query("SELECT target_address FROM alias WHERE source = ? ORDER BY place", source);
  while (rows.next()) {
    if (auto address = mail::EmailAddress::parse(rows.text(0))) all.push_back(std::move(*address));
  }
  return all;
}

std::optional<std::string> Accounts::Impl::verify_app_password(const Found& found,
                                                               std::string_view password,
                                                               Scope scope) {
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
  if (label.empty()) return std::nullopt;
  if (found.account.enabled && now() - time_of(last_use) >= last_use_precision) {
    note_use(found.account.id, label);
  }
  return app_credential(found.account.id, digest);
}

void Accounts::Impl::note_use(std::string_view id, std::string_view label) noexcept {
  try {
    database.run("UPDATE app_password SET last_use = ? WHERE account = ? AND label = ?",
                 seconds(now()), id, label);
  } catch (const IoError&) {
    // Only a date: a full disk must not keep people from reading their mail.
  }
}

std::string Accounts::Impl::memory_digest(const Found& found, std::string_view password) const {
  return keyed_hash(memory_key, found.account.id + '\0' + std::string(password));
}

bool Accounts::Impl::remembers(const Found& found, std::string_view password) {
  const auto entry = memories.find(found.account.id);
  if (entry == memories.end()) return false;
  if (entry->second.expires <= steady_clock::now() || entry->second.version != found.version) {
    memories.erase(entry);
    return false;
  }
  return equal_in_constant_time(entry->second.digest, memory_digest(found, password));
}

void Accounts::Impl::remember(const Found& found, std::string_view password) {
  if (memories.size() >= most_remembered) memories.clear();
  memories[found.account.id] = {memory_digest(found, password), found.version,
                                steady_clock::now() + remembered_for};
}

void Accounts::Impl::changed() {
  database.run("UPDATE meta SET value = value + 1 WHERE key = 'revision'");
  changes.fetch_add(1, std::memory_order_release);
}

}  // namespace postern::policy
