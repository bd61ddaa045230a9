// relay/cli/instance_commands.cc: init, serve, check, reload, status, trace.
#include <CLI/CLI.hpp>
#include <iostream>

#include "core/config/config.h"
#include "core/json.h"
#include "core/percent.h"
#include "relay/cli/commands.h"
#include "relay/cli/init.h"
#include "relay/cli/status_screen.h"
#include "relay/cli/table.h"
#include "relay/serve.h"

namespace postern::relay {

namespace {

void add_init(CLI::App& app) {
  const auto options = std::make_shared<InitOptions>();
  CLI::App* const init = app.add_subcommand("init", "writes a ready-to-run instance into DIR");
  init->add_option("DIR", options->folder)->required();
  init->add_option("--domain", options->domain, "the first local domain")->required();
  init->add_option("--hostname", options->hostname, "mail.DOMAIN when missing");
  init->add_option("--base-port", options->base_port,
                   "unprivileged ports on 127.0.0.1: N+25, N+587, …");
  init->callback([options] { std::cout << init_instance(*options); });
}

void check_configuration(const CliSession& session) {
  const auto config = session.config();
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

/// An id, a Message-ID or an address: all lead to timelines.
void trace(const CliSession& session, const std::string& what) {
  const bool is_message_id = what.starts_with('<');
  if (!is_message_id && !what.contains('@')) {
    std::cout << render_object(session.ask("GET", "/v1/messages/" + percent_encode(what)),
                               session.json);
    return;
  }
  const std::string key = is_message_id ? "message_id" : "address";
  std::cout << render_listing(
      session.ask("GET", "/v1/messages?" + key + "=" + percent_encode(what)), session.json,
      {"id", "time", "sender", "recipients"});
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
  const auto what = std::make_shared<std::string>();
  CLI::App* const tracing =
      app.add_subcommand("trace", "the timeline of a message, delivered ones too");
  tracing->add_option("ID|MESSAGE-ID|ADDRESS", *what)->required();
  tracing->callback([&session, what] { trace(session, *what); });
}

}  // namespace postern::relay
