// relay/cli/command_line.cc: reads the line, runs one command, turns its end into an exit status.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "core/error.h"
#include "relay/cli/commands.h"
#include "relay/cli/validators.h"

namespace postern::relay {

namespace {

/// The words for a line whose command does not exist; empty for other mistakes. CLI11 itself says
/// that a subcommand is missing, and not which word is none.
std::string unknown_command(const CLI::App& app, const CLI::ParseError& error) {
  const auto words = app.remaining(true);
  const auto word = std::ranges::find_if(words, [](auto& one) { return !one.starts_with('-'); });
  const bool lacks_command = std::string_view(error.what()).contains("subcommand is required");
  if (!lacks_command || word == words.end()) return {};
  const CLI::App* family = &app;
  while (!family->get_subcommands().empty()) family = family->get_subcommands().front();
  std::string known;
  for (const CLI::App* command : family->get_subcommands([](const CLI::App*) { return true; }))
    known += (known.empty() ? "" : ", ") + command->get_name();
  return fmt::format("{}: no command \"{}\"; there are {}", family->get_name(), *word, known);
}

/// "--sender=", for which CLI11 would take the next word as its value.
const char* option_without_value(int argc, char** argv) {
  const auto is_one = [](std::string_view word) {
    return word.starts_with("--") && word.find('=') == word.size() - 1;
  };
  const auto found = std::find_if(argv, argv + argc, is_one);
  return found == argv + argc ? nullptr : *found;
}

int wrong_usage(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  return static_cast<int>(Exit::wrong_usage);
}

}  // namespace

int run_command_line(int argc, char** argv) {
  if (argc > 0 && std::string_view(argv[0]).ends_with("sendmail")) return sendmail(argc, argv);
  if (const char* option = option_without_value(argc, argv)) {
    return wrong_usage(std::string(option) + " is empty; give a value, or leave it out");
  }
  CLI::App app("postern: an SMTP relay and submission gateway with mailboxes", "postern");
  CliSession session;
  app.set_version_flag("--version", "postern " POSTERN_VERSION);
  app.fallthrough();  // --config and --json may stand anywhere
  app.require_subcommand(1);
  app.add_option("--config", session.config_option,
                 "the configuration; else $POSTERN_CONFIG, else /etc/postern/postern.toml")
      ->check(not_empty());
  app.add_flag("--json", session.json, "listings as a JSON array");
  add_instance_commands(app, session);
  add_account_commands(app, session);
  add_queue_commands(app, session);
  try {
    app.parse(argc, argv);
    return static_cast<int>(Exit::done);
  } catch (const CLI::ParseError& error) {
    if (const auto text = unknown_command(app, error); !text.empty()) return wrong_usage(text);
    return app.exit(error) == 0 ? static_cast<int>(Exit::done)
                                : static_cast<int>(Exit::wrong_usage);
  } catch (const CommandFailed& failure) {
    if (*failure.what() != '\0') std::fprintf(stderr, "%s\n", failure.what());
    return static_cast<int>(failure.status());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "postern: %s\n", error.what());
    return static_cast<int>(Exit::refused);
  }
}

}  // namespace postern::relay
