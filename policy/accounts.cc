// policy/accounts.cc: accounts, from the first password to the removal.
#include "policy/accounts.h"

#include <algorithm>

#include "policy/accounts_database.h"

namespace postern::policy {

namespace {

constexpr std::size_t longest_password = 1024;
constexpr auto kept_after_removal = std::chrono::days(30);

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

}  // namespace

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

std::optional<Account> Accounts::recall(std::string_view login, std::string_view password,
                                        Scope scope) {
  const auto address = mail::EmailAddress::parse(login);
  if (!address || password.size() > longest_password) return std::nullopt;
  const std::scoped_lock lock(impl_->mutex);
  auto found = impl_->find(*address);
  if (!found || !found->account.enabled) return std::nullopt;
  auto credential = impl_->verify_app_password(*found, password, scope);
  if (!credential && impl_->remembers(*found, password)) credential = own_credential(*found);
  if (!credential) return std::nullopt;
  found->account.credential = std::move(*credential);
  return std::move(found->account);
}

std::optional<Account> Accounts::verify(std::string_view login, std::string_view password,
                                        Scope scope) {
  if (auto known = recall(login, password, scope)) return known;
  const auto address = mail::EmailAddress::parse(login);
  std::optional<Found> found;
  if (address && password.size() <= longest_password) {
    const std::scoped_lock lock(impl_->mutex);
    found = impl_->find(*address);
  }
  const std::string_view tried = password.substr(0, longest_password);
  const bool is_right = verify_password(tried, found ? found->record : impl_->nobody);
  if (!is_right || !found) return std::nullopt;

  const std::scoped_lock lock(impl_->mutex);
  auto current = impl_->find_where("id", found->account.id);
  // The password may have been changed while we hashed.
  if (!current || !current->account.enabled || current->version != found->version) {
    return std::nullopt;
  }
  impl_->remember(*current, password);
  current->account.credential = own_credential(*current);
  return std::move(current->account);
}

std::vector<Account> Accounts::list() {
  const std::scoped_lock lock(impl_->mutex);
  std::vector<Account> all;
  auto rows = impl_->database.query("SELECT " + std::string(account_columns) +
                                    " FROM account ORDER BY folded");
  while (rows.next()) all.push_back(impl_->found_of(rows).account);
  return all;
}

std::unordered_set<std::string> Accounts::live_credentials() {
  const std::scoped_lock lock(impl_->mutex);
  std::unordered_set<std::string> all;
  auto accounts = impl_->database.query("SELECT " + std::string(account_columns) +
                                        " FROM account WHERE enabled");
  while (accounts.next()) all.insert(own_credential(impl_->found_of(accounts)));
  auto apps = impl_->database.query(
      "SELECT account, digest FROM app_password JOIN account ON id = account WHERE enabled");
  while (apps.next()) all.insert(app_credential(apps.text(0), apps.text(1)));
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

std::uint64_t Accounts::changes() const { return impl_->changes.load(std::memory_order_acquire); }

std::uint64_t Accounts::revision() {
  const std::scoped_lock lock(impl_->mutex);
  auto rows = impl_->database.query("SELECT value FROM meta WHERE key = 'revision'");
  return rows.next() ? static_cast<std::uint64_t>(rows.integer(0)) : 0;
}

std::string make_password() { return random_words(4); }

}  // namespace postern::policy
