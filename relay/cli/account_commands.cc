// relay/cli/account_commands.cc: account …, account app-password …, alias ….
#include <CLI/CLI.hpp>
#include <iostream>

#include "core/json.h"
#include "core/mail/encodings.h"
#include "core/percent.h"
#include "relay/cli/commands.h"
#include "relay/cli/size.h"
#include "relay/cli/table.h"
#include "relay/cli/validators.h"
#include "relay/config/config.h"

namespace postern::relay {

namespace {

std::string one_line_of_stdin() {
  std::string line;
  if (!std::getline(std::cin, line) || line.empty())
    throw CommandFailed(Exit::refused,
                        "--password-stdin: a line with the password is expected on stdin");
  if (line.ends_with('\r')) line.pop_back();
  // JSON carries nothing else, and logins do not either (RFC 4616 §2).
  if (!mail::is_valid_utf8(line) || line.contains('\0'))
    throw CommandFailed(Exit::refused, "--password-stdin: a password is UTF-8 text without NUL");
  return line;
}

std::string account_path(const std::string& address, std::string_view rest = {}) {
  return "/v1/accounts/" + percent_encode(address) + std::string(rest);
}

/// A secret that was made for the operator stands on a line of its own.
void print_secret(const std::string& body, const char* key) {
  const Json answer = expect_json(body);
  if (answer.contains(key)) std::cout << answer.at(key).get<std::string>() << "\n";
}

struct AccountOptions {
  std::string address, quota, label, scope;
  bool password_stdin = false, is_operator = false, purge = false;

  Json with_password() const {
    Json body = Json::object();
    if (password_stdin) body["password"] = one_line_of_stdin();
    return body;
  }
};

CLI::App* account_command(CLI::App& parent, AccountOptions& options, const char* name,
                          const char* help) {
  CLI::App* const command = parent.add_subcommand(name, help);
  command->add_option("ADDRESS", options.address)->required()->check(not_empty());
  return command;
}

void add_account(const CliSession& session, const AccountOptions& options) {
  Json body = options.with_password();
  body["address"] = options.address;
  if (options.is_operator) body["operator"] = true;
  if (!options.quota.empty()) body["quota"] = parse_size(options.quota);
  print_secret(session.ask_accounts("POST", "/v1/accounts", write_json(body)), "password");
}

void add_app_passwords(CLI::App& account, CliSession& session, AccountOptions& options) {
  CLI::App* const group =
      account.add_subcommand("app-password", "one secret per device or application");
  group->require_subcommand(1);
  CLI::App* const add = account_command(*group, options, "add", "makes a secret and shows it once");
  add->add_option("--label", options.label)->required()->check(not_empty());
  add->add_option("--scope", options.scope, "smtp,imap,pop3,http; all when missing")
      ->check(not_empty());
  add->callback([&] {
    Json body{{"label", options.label}};
    if (!options.scope.empty()) body["scope"] = options.scope;
    print_secret(session.ask_accounts("POST", account_path(options.address, "/app-passwords"),
                                      write_json(body)),
                 "secret");
  });
  account_command(*group, options, "list", "labels, scopes and last use")->callback([&] {
    std::cout << render_listing(
        session.ask_accounts("GET", account_path(options.address, "/app-passwords")), session.json,
        {"label", "scope", "created", "last_use"});
  });
  CLI::App* const revoke =
      account_command(*group, options, "revoke", "the secret counts no longer");
  revoke->add_option("--label", options.label)->required()->check(not_empty());
  revoke->callback([&] {
    session.ask_accounts(
        "DELETE", account_path(options.address, "/app-passwords/" + percent_encode(options.label)));
  });
}

void add_accounts(CLI::App& app, CliSession& session, AccountOptions& options) {
  CLI::App* const account =
      app.add_subcommand("account", "the people and applications that log in");
  account->require_subcommand(1);
  CLI::App* const add = account_command(*account, options, "add", "an account with a mailbox");
  add->add_flag("--password-stdin", options.password_stdin,
                "the first line of stdin; else a password is made and printed");
  add->add_option("--quota", options.quota, "such as 10GB")->check(not_empty());
  add->add_flag("--operator", options.is_operator, "sees everything over HTTP");
  add->callback([&] { add_account(session, options); });
  account->add_subcommand("list", "all accounts")->callback([&] {
    std::cout << render_listing(session.ask_accounts("GET", "/v1/accounts"), session.json,
                                {"address", "enabled", "operator", "quota", "created"});
  });
  account_command(*account, options, "show", "one account")->callback([&] {
    std::cout << render_object(session.ask_accounts("GET", account_path(options.address)),
                               session.json);
  });
  CLI::App* const password = account_command(*account, options, "password", "a new password");
  password->add_flag("--password-stdin", options.password_stdin);
  password->callback([&] {
    print_secret(session.ask_accounts("PUT", account_path(options.address, "/password"),
                                      write_json(options.with_password())),
                 "password");
  });
  for (const char* verb : {"disable", "enable"})
    account_command(*account, options, verb, "no login; mail is still taken, or: login again")
        ->callback([&, verb] {
          session.ask_accounts("POST", account_path(options.address, std::string("/") + verb),
                               "{}");
        });
  CLI::App* const remove =
      account_command(*account, options, "remove", "the mailbox is kept for 30 days");
  remove->add_flag("--purge", options.purge, "or deleted at once");
  remove->callback([&] {
    session.ask_accounts("DELETE", account_path(options.address),
                         write_json({{"purge", options.purge}}));
  });
  add_app_passwords(*account, session, options);
}

struct AliasOptions {
  std::string from;
  std::vector<std::string> to;
};

void add_aliases(CLI::App& app, CliSession& session, AliasOptions& options) {
  CLI::App* const alias = app.add_subcommand("alias", "local addresses that forward to others");
  alias->require_subcommand(1);
  CLI::App* const add = alias->add_subcommand("add", "FROM forwards to each TO, local or remote");
  add->add_option("FROM", options.from)->required()->check(not_empty());
  add->add_option("TO", options.to)->required();
  add->callback([&] {
    session.ask_accounts("POST", "/v1/aliases",
                         write_json({{"from", options.from}, {"to", options.to}}));
  });
  alias->add_subcommand("list", "all aliases")->callback([&] {
    std::cout << render_listing(session.ask_accounts("GET", "/v1/aliases"), session.json,
                                {"from", "to"});
  });
  CLI::App* const remove = alias->add_subcommand("remove", "FROM forwards no longer");
  remove->add_option("FROM", options.from)->required()->check(not_empty());
  remove->callback(
      [&] { session.ask_accounts("DELETE", "/v1/aliases/" + percent_encode(options.from)); });
}

}  // namespace

void add_account_commands(CLI::App& app, CliSession& session) {
  const auto accounts = std::make_shared<AccountOptions>();
  const auto aliases = std::make_shared<AliasOptions>();
  add_accounts(app, session, *accounts);
  add_aliases(app, session, *aliases);
  app.final_callback([accounts, aliases] {});  // keeps them as long as the line
}

}  // namespace postern::relay
