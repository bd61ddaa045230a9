// relay/cli/running_gateway.cc: by the command lines in /proc, and the lock that a gateway holds
// open (DataLock).
#include "relay/cli/running_gateway.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

#include "relay/cli/session.h"

namespace postern::relay {

namespace {

namespace fs = std::filesystem;

std::vector<std::string> texts(std::string_view joined) {
  std::vector<std::string> all;
  while (!joined.empty()) {
    const std::size_t end = std::min(joined.find('\0'), joined.size());
    all.emplace_back(joined.substr(0, end));
    joined.remove_prefix(std::min(end + 1, joined.size()));
  }
  return all;
}

/// Empty when it cannot be read: the process has ended, or is another user's.
std::string read_whole(const fs::path& file) {
  std::ifstream input(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(input), {}};
}

ProcessStart start_of(const fs::path& process) {
  std::error_code ignored;
  return {read_whole(process / "cmdline"), read_whole(process / "environ"),
          fs::read_symlink(process / "cwd", ignored)};
}

/// The process may see other files under the same name than we do: a container's do.
bool is_same_file(const fs::path& process, const fs::path& theirs, const fs::path& ours) {
  std::error_code ignored;
  return fs::equivalent(process / "root" / theirs.relative_path(), ours, ignored);
}

std::optional<fs::path> control_socket_of(const fs::path& process) {
  std::error_code ignored;
  for (const auto& descriptor : fs::directory_iterator(process / "fd", ignored)) {
    const fs::path file = fs::read_symlink(descriptor.path(), ignored);
    const fs::path socket = file.parent_path() / "control.sock";
    if (file.filename() == "lock" && fs::is_socket(socket, ignored)) return socket;
  }
  return {};
}

}  // namespace

std::optional<fs::path> served_configuration(const ProcessStart& start) {
  const std::vector<std::string> words = texts(start.arguments);
  constexpr std::string_view option = "--config";
  std::string file, command;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == option && i + 1 < words.size()) {
      file = words[++i];
    } else if (words[i].starts_with(std::string(option) + "=")) {
      file = words[i].substr(option.size() + 1);
    } else if (!words[i].starts_with('-') && command.empty()) {
      command = words[i];
    }
  }
  if (command != "serve") return {};
  for (const std::string& variable : texts(start.environment)) {
    constexpr std::string_view name = "POSTERN_CONFIG=";
    if (file.empty() && variable.starts_with(name)) file = variable.substr(name.size());
  }
  return start.folder / (file.empty() ? default_config_file : file);
}

std::optional<fs::path> find_control_socket(const fs::path& config_file) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    if (!std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) continue;
    const auto theirs = served_configuration(start_of(entry.path()));
    if (!theirs || !is_same_file(entry.path(), *theirs, config_file)) continue;
    if (auto socket = control_socket_of(entry.path())) return socket;
  }
  return {};
}

}  // namespace postern::relay
