// policy/app_passwords.cc: one secret for each device or application.
#include <algorithm>
#include <array>

#include "policy/accounts_database.h"

namespace postern::policy {

namespace {

constexpr std::array<std::pair<std::string_view, Scope>, 4> scope_names{
    {{"smtp", Scope::smtp}, {"imap", Scope::imap}, {"pop3", Scope::pop3}, {"http", Scope::http}}};

}  // namespace

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

}  // namespace postern::policy
