// relay/cli/instance_commands.cc: init, serve, check, reload, status, trace.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "core/json.h"
#include "core/percent.h"
#include "relay/cli/commands.h"
#include "relay/cli/init.h"
#include "relay/cli/status_screen.h"
#include "relay/cli/table.h"
#include "relay/cli/validators.h"
#include "relay/config/config.h"
#include "relay/config/instance_user.h"
#include "relay/server/serve.h"

namespace postern::relay {

namespace {

void add_init(CLI::App& app) {
  const auto options = std::make_shared<InitOptions>();
  CLI::App* const init = app.add_subcommand("init", "writes a ready-to-run instance into DIR");
  init->add_option("DIR", options->folder)->required();
  init->add_option("--domain", options->domain, "the first local domain")->required();
  init->add_option("--hostname", options->hostname, "mail.DOMAIN when missing")->check(not_empty());
  init->add_option("--base-port", options->base_port,
                   "unprivileged ports on 127.0.0.1: N+25, N+587, …");
  init->add_option(
          "--user", options->user,
          "the user that the gateway works as; for root: postern when missing, if it exists")
      ->check(not_empty());
  init->callback([options] { std::cout << init_instance(*options); });
}

/// With the eyes of the gateway: what root can read, the user that it works as may not.
void check_configuration(const CliSession& session) {
  auto config = session.config();
  if (::geteuid() == 0 && std::filesystem::exists(config->data_dir)) {
    work_as_instance_user(*config);
    config = session.config();
  }
  for (const std::string& warning : config->warnings) std::cerr << warning << "\n";
  std::cout << session.config_file().string() << ": no mistakes\n";
}

void reload(const CliSession& session) {
  const auto answer = expect_json(session.ask("POST", "/v1/reload", "{}"));
  for (const auto& key : answer.value("restart_needed", Json::array()))
    std::cout << key.get<std::string>() << " has changed and needs a restart\n";
  for (const auto& warning : answer.value("warnings", Json::array()))
    std::cerr << warning.get<std::string>() << "\n";
}

/// An id, a Message-ID (its angle brackets may be missing, if it has an @) or an address: all lead
/// to timelines.
void trace(const CliSession& session, const std::string& what, unsigned limit) {
  const auto find = [&](const std::string& key, const std::string& value) {
    return session.ask(
        "GET", fmt::format("/v1/messages?{}={}&limit={}", key, percent_encode(value), limit));
  };
  if (!what.contains('@') && !what.starts_with('<')) {
    std::cout << render_object(session.ask("GET", "/v1/messages/" + percent_encode(what)),
                               session.json);
    return;
  }
  std::string found = what.starts_with('<') ? find("message_id", what) : find("address", what);
  if (!what.starts_with('<') && expect_json(found).empty())
    found = find("message_id", "<" + what + ">");
  if (expect_json(found).empty()) {
    throw CommandFailed(Exit::refused, "no message from, to, or with this Message-ID is known");
  }
  std::cout << render_objects(found, session.json);
}

}  // namespace

void add_instance_commands(CLI::App& app, CliSession& session) {
  add_init(app);
  app.add_subcommand("serve", "runs the gateway in the foreground")->callback([&session] {
    const int status = serve(session.config_file());
    if (status != 0) throw CommandFailed(static_cast<Exit>(status), "");
  });
  app.add_subcommand("check", "names every mistake of the configuration")->callback([&session] {
    check_configuration(session);
  });
  app.add_subcommand("reload", "takes the new configuration and certificates")
      ->callback([&session] { reload(session); });
  app.add_subcommand("status", "the gateway on one screen")->callback([&session] {
    const std::string answer = session.ask("GET", "/v1/status");
    std::cout << (session.json ? render_object(answer, true) : render_status(answer));
  });
  struct Wanted {
    std::string what;
    unsigned limit = 100;
  };
  const auto wanted = std::make_shared<Wanted>();
  CLI::App* const tracing =
      app.add_subcommand("trace", "the timeline of a message, delivered ones too");
  tracing->add_option("ID|MESSAGE-ID|ADDRESS", wanted->what)->required()->check(not_empty());
  tracing->add_option("--limit", wanted->limit, "of several, the newest N (100)")
      ->check(CLI::Range(1, 10'000));
  tracing->callback([&session, wanted] { trace(session, wanted->what, wanted->limit); });
}

}  // namespace postern::relay
