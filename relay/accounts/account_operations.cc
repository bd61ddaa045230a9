// relay/accounts/account_operations.cc: a table of what can be asked, and a function for each.
#include "relay/accounts/account_operations.h"

#include <limits>

namespace postern::relay {

AdminAnswer problem(unsigned status, std::string_view title, std::string_view detail) {
  return {status, write_json({{"title", title}, {"status", status}, {"detail", detail}})};
}

namespace {

AdminAnswer refused(const policy::AccountError& error) {
  using Kind = policy::AccountError::Kind;
  switch (error.kind) {
    case Kind::exists:
      return problem(409, "It exists already", error.text);
    case Kind::not_found:
      return problem(404, "Not found", error.text);
    case Kind::invalid:
      break;
  }
  return problem(422, "Not allowed", error.text);
}

AdminAnswer answer(unsigned status, const Json& body) { return {status, write_json(body)}; }

AdminAnswer done(const policy::AccountResult<>& result) {
  return result ? answer(200, Json::object()) : refused(result.error());
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

mail::EmailAddress address_of(const std::string& text) {
  auto parsed = mail::EmailAddress::parse(text);
  if (!parsed) throw BadRequest{fmt::format("\"{}\" is no address: {}", text, parsed.error().text)};
  return *std::move(parsed);
}

mail::EmailAddress local_address(const AdminRequest& request, const std::string& text) {
  auto address = address_of(text);
  if (!request.domains.are_declared(address.domain()))
    throw BadRequest{fmt::format(
        "{} is no local domain; declare it as [domain.\"{}\"] in the configuration first",
        address.domain().text(), address.domain().text())};
  return address;
}

mail::EmailAddress alias_address(const AdminRequest& request, const std::string& text) {
  auto address = address_of(text);
  return address.domain().text() == request.domains.hostname ? address
                                                             : local_address(request, text);
}

std::string text_field(const Json& body, const char* key) {
  const auto found = body.find(key);
  if (found == body.end()) throw BadRequest{fmt::format("\"{}\" is missing", key)};
  return found->get<std::string>();
}

bool truth_field(const Json& body, const char* key) { return body.value(key, false); }

std::optional<std::uint64_t> quota_field(const Json& body) {
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();  // SQLite's integers
  const auto found = body.find("quota");
  if (found == body.end()) return {};
  if (!found->is_number_unsigned()) throw BadRequest{"\"quota\" is a number of bytes"};
  const auto quota = found->get<std::uint64_t>();
  if (quota == 0) throw BadRequest{"a quota of 0 would take no mail; for no quota, give none"};
  if (quota > most) throw BadRequest{fmt::format("a quota has {} bytes at most", most)};
  return quota;
}

/// The password in the body, or a made one; `made` is told apart since only that one is shown.
struct NewPassword {
  std::string text;
  bool made = false;
};
NewPassword password_of(const Json& body) {
  if (!body.contains("password")) return {policy::make_password(), true};
  std::string text = text_field(body, "password");
  if (text.empty() || text.size() > 1024 || text.contains('\0'))
    throw BadRequest{"a password has 1 to 1024 octets, and no NUL"};
  return {std::move(text), false};
}

AdminAnswer list_accounts(const AdminRequest& request) {
  Json rows = Json::array();
  for (const auto& account : request.accounts.list()) rows.push_back(view(account));
  return answer(200, rows);
}

AdminAnswer add_account(const AdminRequest& request) {
  const auto address = local_address(request, text_field(request.body, "address"));
  const NewPassword password = password_of(request.body);
  const auto added = request.accounts.add(address, password.text, quota_field(request.body),
                                          truth_field(request.body, "operator"));
  if (!added) return refused(added.error());
  Json body = view(*added);
  if (password.made) body["password"] = password.text;
  return answer(201, body);
}

AdminAnswer show_account(const AdminRequest& request) {
  const auto account = request.accounts.find(address_of(request.segment(1)));
  if (!account) return problem(404, "Not found", "no account " + request.segment(1));
  Json body = view(*account);
  body["app_passwords"] = Json::array();
  if (const auto passwords = request.accounts.app_passwords(account->address))
    for (const auto& password : *passwords) body["app_passwords"].push_back(view(password));
  body["aliases"] = Json::array();
  for (const auto& address : request.accounts.addresses_of(account->id))
    if (address != account->address.folded()) body["aliases"].push_back(address);
  return answer(200, body);
}

AdminAnswer set_password(const AdminRequest& request) {
  const NewPassword password = password_of(request.body);
  const auto changed = request.accounts.set_password(address_of(request.segment(1)), password.text);
  if (!changed) return refused(changed.error());
  return answer(200, password.made ? Json{{"password", password.text}} : Json::object());
}

AdminAnswer disable_account(const AdminRequest& request) {
  return done(request.accounts.set_enabled(address_of(request.segment(1)), false));
}

AdminAnswer enable_account(const AdminRequest& request) {
  return done(request.accounts.set_enabled(address_of(request.segment(1)), true));
}

AdminAnswer remove_account(const AdminRequest& request) {
  return done(
      request.accounts.remove(address_of(request.segment(1)), truth_field(request.body, "purge")));
}

AdminAnswer list_app_passwords(const AdminRequest& request) {
  const auto passwords = request.accounts.app_passwords(address_of(request.segment(1)));
  if (!passwords) return refused(passwords.error());
  Json rows = Json::array();
  for (const auto& password : *passwords) rows.push_back(view(password));
  return answer(200, rows);
}

AdminAnswer add_app_password(const AdminRequest& request) {
  const std::string label = text_field(request.body, "label");
  const auto scopes = policy::parse_scopes(
      request.body.contains("scope") ? text_field(request.body, "scope") : "smtp,imap,pop3,http");
  if (!scopes) throw BadRequest{scopes.error()};
  const auto secret =
      request.accounts.add_app_password(address_of(request.segment(1)), label, *scopes);
  if (!secret) return refused(secret.error());
  return answer(201,
                {{"label", label}, {"scope", policy::scopes_text(*scopes)}, {"secret", *secret}});
}

AdminAnswer revoke_app_password(const AdminRequest& request) {
  return done(
      request.accounts.revoke_app_password(address_of(request.segment(1)), request.segment(3)));
}

AdminAnswer list_aliases(const AdminRequest& request) {
  Json rows = Json::array();
  for (const auto& alias : request.accounts.aliases()) rows.push_back(view(alias));
  return answer(200, rows);
}

AdminAnswer add_alias(const AdminRequest& request) {
  policy::Alias alias{alias_address(request, text_field(request.body, "from")), {}};
  const auto to = request.body.find("to");
  if (to == request.body.end() || to->empty()) throw BadRequest{"\"to\" is a list of addresses"};
  for (const Json& item : *to) alias.to.push_back(address_of(item.get<std::string>()));
  const auto added = request.accounts.add_alias(alias.from, alias.to);
  return added ? answer(201, view(alias)) : refused(added.error());
}

AdminAnswer remove_alias(const AdminRequest& request) {
  return done(request.accounts.remove_alias(address_of(request.segment(1))));
}

// clang-format off
constexpr std::array account_fields{JsonField{"address",  JsonKind::text},
                                    JsonField{"password", JsonKind::text},
                                    JsonField{"quota",    JsonKind::number},
                                    JsonField{"operator", JsonKind::truth}};
constexpr std::array password_fields{JsonField{"password", JsonKind::text}};
constexpr std::array removal_fields{JsonField{"purge", JsonKind::truth}};
constexpr std::array app_password_fields{JsonField{"label", JsonKind::text},
                                         JsonField{"scope", JsonKind::text}};
constexpr std::array alias_fields{JsonField{"from", JsonKind::text},
                                  JsonField{"to",   JsonKind::texts}};

constexpr std::array operations{
    AdminOperation{"GET",    "accounts",                  {},                  list_accounts},
    AdminOperation{"POST",   "accounts",                  account_fields,      add_account},
    AdminOperation{"GET",    "accounts/*",                {},                  show_account},
    AdminOperation{"DELETE", "accounts/*",                removal_fields,      remove_account},
    AdminOperation{"PUT",    "accounts/*/password",       password_fields,     set_password},
    AdminOperation{"POST",   "accounts/*/disable",        {},                  disable_account},
    AdminOperation{"POST",   "accounts/*/enable",         {},                  enable_account},
    AdminOperation{"GET",    "accounts/*/app-passwords",  {},                  list_app_passwords},
    AdminOperation{"POST",   "accounts/*/app-passwords",  app_password_fields, add_app_password},
    AdminOperation{"DELETE", "accounts/*/app-passwords/*", {},                 revoke_app_password},
    AdminOperation{"GET",    "aliases",                   {},                  list_aliases},
    AdminOperation{"POST",   "aliases",                   alias_fields,        add_alias},
    AdminOperation{"DELETE", "aliases/*",                 {},                  remove_alias},
};
// clang-format on

}  // namespace

std::span<const AdminOperation> admin_operations() { return operations; }

}  // namespace postern::relay
