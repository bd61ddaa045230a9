// relay/accounts/account_operations.cc: accounts, app passwords and aliases: JSON in, JSON out.
#include "relay/accounts/account_operations.h"

#include <limits>

namespace postern::relay {
namespace {

using http::Answer;
using http::Problem;
using http::refused;

template <class T>
using Read = std::expected<T, Problem>;

std::unexpected<Problem> not_allowed(std::string_view why) {
  return refused(422, "Not allowed", why);
}

std::unexpected<Problem> refused_by(const policy::AccountError& error) {
  using Kind = policy::AccountError::Kind;
  switch (error.kind) {
    case Kind::exists:
      return refused(409, "It exists already", error.text);
    case Kind::not_found:
      return refused(404, "Not found", error.text);
    case Kind::invalid:
      break;
  }
  return not_allowed(error.text);
}

Answer answer(int status, const Json& body) { return http::json_response(body, status); }

Answer done(const policy::AccountResult<>& result) {
  if (!result) return refused_by(result.error());
  return answer(200, Json::object());
}

std::string time_text(std::chrono::sys_seconds time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

Json view(const policy::Account& account) {
  return {{"address", account.address.text()},
          {"enabled", account.enabled},
          {"operator", account.is_operator},
          {"quota", account.quota ? Json(*account.quota) : Json()},
          {"id", account.id},
          {"created", time_text(account.created)}};
}

Json view(const policy::AppPassword& password) {
  return {{"label", password.label},
          {"scope", policy::scopes_text(password.scopes)},
          {"created", time_text(password.created)},
          {"last_use", password.last_use ? Json(time_text(*password.last_use)) : Json()}};
}

Json view(const policy::Alias& alias) {
  Json to = Json::array();
  for (const auto& address : alias.to) to.push_back(address.text());
  return {{"from", alias.from.text()}, {"to", to}};
}

Read<mail::EmailAddress> address_of(const std::string& text) {
  auto parsed = mail::EmailAddress::parse(text);
  if (parsed) return *std::move(parsed);
  return not_allowed(fmt::format("\"{}\" is no address: {}", text, parsed.error().text));
}

/// What `{address}` of the pattern stands for.
Read<mail::EmailAddress> address_in_path(const AccountRequest& request) {
  return address_of(request.captures["address"]);
}

Read<mail::EmailAddress> local_address(const AccountRequest& request, const std::string& text) {
  auto address = address_of(text);
  if (!address || request.domains.are_declared(address->domain())) return address;
  return not_allowed(
      fmt::format("{} is no local domain; declare it as [domain.\"{}\"] in the configuration first",
                  address->domain().text(), address->domain().text()));
}

Read<mail::EmailAddress> alias_address(const AccountRequest& request, const std::string& text) {
  auto address = address_of(text);
  if (address && address->domain().text() == request.domains.hostname) return address;
  return local_address(request, text);
}

Read<std::string> text_field(const Json& body, const char* key) {
  const auto found = body.find(key);
  if (found == body.end()) return not_allowed(fmt::format("\"{}\" is missing", key));
  return found->get<std::string>();
}

bool truth_field(const Json& body, const char* key) { return body.value(key, false); }

Read<std::optional<std::uint64_t>> quota_field(const Json& body) {
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();  // SQLite's integers
  const auto found = body.find("quota");
  if (found == body.end()) return std::nullopt;
  if (!found->is_number_unsigned()) return not_allowed("\"quota\" is a number of bytes");
  const auto quota = found->get<std::uint64_t>();
  if (quota == 0) return not_allowed("a quota of 0 would take no mail; for no quota, give none");
  if (quota > most) return not_allowed(fmt::format("a quota has {} bytes at most", most));
  return quota;
}

/// The password in the body, or a made one; `made` is told apart since only that one is shown.
struct NewPassword {
  std::string text;
  bool made = false;
};
Read<NewPassword> password_of(const Json& body) {
  if (!body.contains("password")) return NewPassword{policy::make_password(), true};
  auto text = body.at("password").get<std::string>();
  if (text.empty() || text.size() > 1024 || text.contains('\0'))
    return not_allowed("a password has 1 to 1024 octets, and no NUL");
  return NewPassword{std::move(text), false};
}

Answer set_enabled(policy::Accounts& accounts, const AccountRequest& request, bool enabled) {
  const auto address = address_in_path(request);
  if (!address) return std::unexpected(address.error());
  return done(accounts.set_enabled(*address, enabled));
}

}  // namespace

Answer list_accounts(policy::Accounts& accounts, const AccountRequest&) {
  Json rows = Json::array();
  for (const auto& account : accounts.list()) rows.push_back(view(account));
  return answer(200, rows);
}

Answer add_account(policy::Accounts& accounts, const AccountRequest& request) {
  const auto text = text_field(request.body, "address");
  if (!text) return std::unexpected(text.error());
  const auto address = local_address(request, *text);
  if (!address) return std::unexpected(address.error());
  const auto password = password_of(request.body);
  if (!password) return std::unexpected(password.error());
  const auto quota = quota_field(request.body);
  if (!quota) return std::unexpected(quota.error());
  const auto added =
      accounts.add(*address, password->text, *quota, truth_field(request.body, "operator"));
  if (!added) return refused_by(added.error());
  Json body = view(*added);
  if (password->made) body["password"] = password->text;
  return answer(201, body);
}

Answer show_account(policy::Accounts& accounts, const AccountRequest& request) {
  const auto address = address_in_path(request);
  if (!address) return std::unexpected(address.error());
  const auto account = accounts.find(*address);
  if (!account) return refused(404, "Not found", "no account " + request.captures["address"]);
  Json body = view(*account);
  body["app_passwords"] = Json::array();
  if (const auto passwords = accounts.app_passwords(account->address))
    for (const auto& password : *passwords) body["app_passwords"].push_back(view(password));
  body["aliases"] = Json::array();
  for (const auto& alias : accounts.addresses_of(account->id))
    if (alias != account->address.folded()) body["aliases"].push_back(alias);
  return answer(200, body);
}

Answer set_password(policy::Accounts& accounts, const AccountRequest& request) {
  const auto password = password_of(request.body);
  if (!password) return std::unexpected(password.error());
  const auto address = address_in_path(request);
  if (!address) return std::unexpected(address.error());
  const auto changed = accounts.set_password(*address, password->text);
  if (!changed) return refused_by(changed.error());
  return answer(200, password->made ? Json{{"password", password->text}} : Json::object());
}

Answer disable_account(policy::Accounts& accounts, const AccountRequest& request) {
  return set_enabled(accounts, request, false);
}

Answer enable_account(policy::Accounts& accounts, const AccountRequest& request) {
  return set_enabled(accounts, request, true);
}

Answer remove_account(policy::Accounts& accounts, const AccountRequest& request) {
  const auto address = address_in_path(request);
  if (!address) return std::unexpected(address.error());
  return done(accounts.remove(*address, truth_field(request.body, "purge")));
}

Answer list_app_passwords(policy::Accounts& accounts, const AccountRequest& request) {
  const auto address = address_in_path(request);
  if (!address) return std::unexpected(address.error());
  const auto passwords = accounts.app_passwords(*address);
  if (!passwords) return refused_by(passwords.error());
  Json rows = Json::array();
  for (const auto& password : *passwords) rows.push_back(view(password));
  return answer(200, rows);
}

Answer add_app_password(policy::Accounts& accounts, const AccountRequest& request) {
  const auto label = text_field(request.body, "label");
  if (!label) return std::unexpected(label.error());
  const auto scopes =
      policy::parse_scopes(request.body.value("scope", std::string("smtp,imap,pop3,http")));
  if (!scopes) return not_allowed(scopes.error());
  const auto address = address_in_path(request);
  if (!address) return std::unexpected(address.error());
  const auto secret = accounts.add_app_password(*address, *label, *scopes);
  if (!secret) return refused_by(secret.error());
  return answer(201,
                {{"label", *label}, {"scope", policy::scopes_text(*scopes)}, {"secret", *secret}});
}

Answer revoke_app_password(policy::Accounts& accounts, const AccountRequest& request) {
  const auto address = address_in_path(request);
  if (!address) return std::unexpected(address.error());
  return done(accounts.revoke_app_password(*address, request.captures["label"]));
}

Answer list_aliases(policy::Accounts& accounts, const AccountRequest&) {
  Json rows = Json::array();
  for (const auto& alias : accounts.aliases()) rows.push_back(view(alias));
  return answer(200, rows);
}

Answer add_alias(policy::Accounts& accounts, const AccountRequest& request) {
  const auto text = text_field(request.body, "from");
  if (!text) return std::unexpected(text.error());
  const auto from = alias_address(request, *text);
  if (!from) return std::unexpected(from.error());
  policy::Alias alias{*from, {}};
  const auto to = request.body.find("to");
  if (to == request.body.end() || to->empty()) return not_allowed("\"to\" is a list of addresses");
  for (const Json& item : *to) {
    auto target = address_of(item.get<std::string>());
    if (!target) return std::unexpected(target.error());
    alias.to.push_back(*std::move(target));
  }
  const auto added = accounts.add_alias(alias.from, alias.to);
  if (!added) return refused_by(added.error());
  return answer(201, view(alias));
}

Answer remove_alias(policy::Accounts& accounts, const AccountRequest& request) {
  const auto from = address_of(request.captures["from"]);
  if (!from) return std::unexpected(from.error());
  return done(accounts.remove_alias(*from));
}

}  // namespace postern::relay
