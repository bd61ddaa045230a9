// relay/cli/queue_commands.cc: queue list|show|retry|hold|release|bounce|remove.
#include <CLI/CLI.hpp>
#include <iostream>
#include <set>

#include "core/json.h"
#include "core/percent.h"
#include "relay/cli/commands.h"
#include "relay/cli/table.h"
#include "relay/cli/validators.h"

namespace postern::relay {

namespace {

struct QueueOptions {
  Json filter = Json::object();  ///< what was given, also when it is empty: the server refuses that
  std::vector<std::string> ids;
  std::string id;
  bool all = false, raw = false;

  std::string query() const {
    std::string text;
    for (const auto& [key, value] : filter.items())
      text += (text.empty() ? "?" : "&") + key + "=" +
              percent_encode(value.is_string() ? value.get<std::string>() : write_json(value));
    return text;
  }
};

template <class T>
CLI::Option* add_filter(CLI::App& command, QueueOptions& options, const std::string& key,
                        const std::string& help = "") {
  return command.add_option_function<T>(
      "--" + key, [&options, key](const T& value) { options.filter[key] = value; }, help);
}

void add_filters(CLI::App& command, QueueOptions& options) {
  add_filter<std::string>(command, options, "state")
      ->check(CLI::IsMember({"ready", "active", "deferred", "held"}));
  add_filter<std::string>(command, options, "sender", "\"<>\" for reports")->check(not_empty());
  add_filter<std::string>(command, options, "recipient")->check(not_empty());
  add_filter<std::string>(command, options, "domain", "of a recipient")->check(not_empty());
  add_filter<std::uint64_t>(command, options, "limit")->check(from_one());
}

Json chosen_messages(const QueueOptions& options) {
  const Json& filter = options.filter;
  if ((options.ids.empty() ? 0 : 1) + (filter.empty() ? 0 : 1) + (options.all ? 1 : 0) != 1)
    throw CommandFailed(
        Exit::wrong_usage,
        "say which messages: ids, or the filters of `queue list`, or --all (one of these)");
  if (options.all) return {{"all", true}};
  if (options.ids.empty()) return {{"filter", filter}};
  return {{"ids", std::set<std::string>(options.ids.begin(), options.ids.end())}};
}

void act(const CliSession& session, const QueueOptions& options, const std::string& verb) {
  const std::string body =
      session.ask("POST", "/v1/queue/" + verb, write_json(chosen_messages(options)));
  const Json answer = expect_json(body);
  const auto pending = answer.value("pending", 0U);
  if (session.json) {
    std::cout << write_json(answer, 2) << "\n";
  } else {
    std::cout << verb << ": " << answer.value("done", 0U) << " done";
    if (pending > 0) std::cout << ", " << pending << " being tried now: done when that try is over";
    std::cout << "\n";
  }
  const Json missing = answer.value("missing", Json::array());
  if (missing.empty()) return;
  std::string text = "not in the queue:";
  for (const auto& id : missing) text += " " + id.get<std::string>();
  throw CommandFailed(Exit::refused, text);
}

struct Action {
  const char *verb, *help;
};
constexpr std::array actions{
    Action{"retry", "try now"}, Action{"hold", "do not try until released"},
    Action{"release", "end a hold"}, Action{"bounce", "give up and tell the sender"},
    Action{"remove", "delete without a word"}};

}  // namespace

void add_queue_commands(CLI::App& app, CliSession& session) {
  const auto options = std::make_shared<QueueOptions>();
  CLI::App* const queue = app.add_subcommand("queue", "accepted mail that is still here");
  queue->require_subcommand(1);
  CLI::App* const list = queue->add_subcommand("list", "one row a message");
  add_filters(*list, *options);
  list->callback([&session, options] {
    std::cout << render_listing(
        session.ask("GET", "/v1/queue" + options->query()), session.json,
        {"id", "state", "sender", "recipients", "size", "attempts", "next_attempt", "last_error"});
  });
  CLI::App* const show = queue->add_subcommand("show", "one message, with its deliveries");
  show->add_option("ID", options->id)->required()->check(not_empty());
  show->add_flag("--raw", options->raw, "the message itself");
  show->callback([&session, options] {
    const std::string path = "/v1/queue/" + percent_encode(options->id);
    std::cout << (options->raw ? session.ask("GET", path + "/raw")
                               : render_object(session.ask("GET", path), session.json));
  });
  for (const Action& action : actions) {
    CLI::App* const command = queue->add_subcommand(action.verb, action.help);
    command->add_option("ID", options->ids);
    command->add_flag("--all", options->all);
    add_filters(*command, *options);
    command->callback([&session, options, verb = action.verb] { act(session, *options, verb); });
  }
}

}  // namespace postern::relay
