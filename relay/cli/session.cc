// relay/cli/session.cc: configuration, control socket, and the accounts without a server.
#include "relay/cli/session.h"

#include <cstdlib>

#include "core/file_owner.h"
#include "core/json.h"
#include "core/mail/address.h"
#include "policy/accounts.h"
#include "relay/accounts/local_domains.h"
#include "relay/api/offline.h"
#include "relay/cli/control_client.h"
#include "relay/cli/running_gateway.h"
#include "relay/config/config.h"
#include "relay/config/instance_user.h"

namespace postern::relay {

namespace {

/// The words for a person in an application/problem+json, or the body as it is.
std::string problem_text(const std::string& body, int status) {
  const auto problem = parse_json(body);
  if (!problem.is_object()) return fmt::format("the gateway answered {}", status);
  std::string text = problem.value("detail", problem.value("title", std::string("refused")));
  for (const auto& error : problem.value("errors", Json::array()))
    if (error.is_string()) text += "\n" + error.get<std::string>();
  return text;
}

std::string accepted(int status, const std::string& body) {
  if (status < 400) return body;
  throw CommandFailed(Exit::refused, problem_text(body, status));
}

}  // namespace

std::filesystem::path CliSession::config_file() const {
  if (!config_option.empty()) return config_option;
  if (const char* named = std::getenv("POSTERN_CONFIG"); named != nullptr && *named != '\0')
    return named;
  return default_config_file;
}

std::shared_ptr<const Config> CliSession::config() const {
  auto loaded = load_config(config_file());
  if (loaded) return *loaded;
  std::string mistakes;
  for (const auto& mistake : loaded.error())
    mistakes += (mistakes.empty() ? "" : "\n") + mistake.message();
  throw CommandFailed(Exit::refused, mistakes);
}

std::expected<ControlAnswer, NotReachable> CliSession::reach(const Config& settings,
                                                             std::string_view method,
                                                             std::string_view path,
                                                             std::string_view body,
                                                             std::string_view content_type) const {
  const TrustedPeers trusted = TrustedPeers::of(settings);
  auto answer = ask_server(settings.control_socket(), trusted, method, path, body, content_type);
  if (answer) return answer;
  const auto elsewhere = find_control_socket(config_file(), trusted);
  if (!elsewhere) return answer;
  return ask_server(*elsewhere, trusted, method, path, body, content_type);
}

std::string CliSession::ask(std::string_view method, std::string_view path, std::string_view body,
                            std::string_view content_type) const {
  const auto answer = reach(*config(), method, path, body, content_type);
  if (!answer) throw CommandFailed(Exit::not_reachable, answer.error().text);
  return accepted(static_cast<int>(answer->status), answer->body);
}

std::string CliSession::ask_accounts(std::string_view method, std::string_view path,
                                     std::string_view body) const {
  const auto settings = config();
  if (const auto answer = reach(*settings, method, path, body))
    return accepted(static_cast<int>(answer->status), answer->body);
  work_as_instance_user(*settings);
  make_folder_if_missing(settings->data_dir, 0700);
  policy::Accounts accounts(settings->accounts_file());
  const http::Response answer =
      http::answer_offline(accounts, local_domains(*settings), method, path, body);
  return accepted(answer.status, answer.body);
}

}  // namespace postern::relay
