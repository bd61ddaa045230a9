// relay/cli/session.h: what every command of the command line shares.
#pragma once

#include <expected>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace postern::relay {

struct Config;
struct ControlAnswer;
struct NotReachable;

constexpr const char* default_config_file = "/etc/postern/postern.toml";

/// Exit statuses (docs: "The program").
enum class Exit : int { done = 0, refused = 1, wrong_usage = 2, not_reachable = 3 };

/// Ends a command: `what()` goes to stderr.
class CommandFailed : public std::runtime_error {
 public:
  CommandFailed(Exit status, const std::string& text) : std::runtime_error(text), status_(status) {}
  Exit status() const { return status_; }

 private:
  Exit status_;
};

/// The options that may stand anywhere on the line, and the way to the server.
struct CliSession {
  std::string config_option;  ///< --config, or empty
  bool json = false;

  /// --config, then $POSTERN_CONFIG, then /etc/postern/postern.toml.
  std::filesystem::path config_file() const;
  /// Throws CommandFailed with every mistake of the file.
  std::shared_ptr<const Config> config() const;
  /// The body of an answer below 400; else CommandFailed with the server's words, or
  /// `not_reachable`.
  std::string ask(std::string_view method, std::string_view path, std::string_view body = {},
                  std::string_view content_type = "application/json") const;
  /// The same for accounts and aliases, which also work while no server runs.
  std::string ask_accounts(std::string_view method, std::string_view path,
                           std::string_view body = {}) const;
  /// Asks the gateway that serves `settings`: under its data_dir, else wherever one runs that was
  /// started with the same file.
  std::expected<ControlAnswer, NotReachable> reach(
      const Config& settings, std::string_view method, std::string_view path, std::string_view body,
      std::string_view content_type = "application/json") const;
};

}  // namespace postern::relay
