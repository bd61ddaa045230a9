// relay/cli/running_gateway.cc: by the command lines in /proc, and the lock that a gateway holds
// open (DataLock).
#include "relay/cli/running_gateway.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

#include "core/system_user.h"
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

/// Empty also when it is open and cannot be read.
std::string read_whole(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return std::move(text).str();
}

/// As far as it can be read.
std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> all;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    all.push_back(entry->path());
  }
  return all;
}

/// The process may see other files under the same name than we do: a container's do.
bool is_same_file(const fs::path& process, const fs::path& theirs, const fs::path& ours) {
  std::error_code ignored;
  return fs::equivalent(process / "root" / theirs.relative_path(), ours, ignored);
}

std::optional<fs::path> control_socket_of(const fs::path& process, const TrustedPeers& trusted) {
  std::error_code ignored;
  for (const fs::path& descriptor : entries(process / "fd")) {
    const fs::path file = fs::read_symlink(descriptor, ignored);
    const fs::path socket = file.parent_path() / "control.sock";
    if (file.filename() != "lock" || !fs::is_socket(socket, ignored)) continue;
    const auto owner = owner_of(file);
    if (owner && trusted.includes(owner->id)) return socket;
  }
  return {};
}

}  // namespace

ProcessStart read_start(const fs::path& process) {
  std::error_code ignored;
  return {read_whole(process / "cmdline"), read_whole(process / "environ"),
          fs::read_symlink(process / "cwd", ignored)};
}

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

std::optional<fs::path> find_control_socket(const fs::path& config_file,
                                            const TrustedPeers& trusted) {
  for (const fs::path& process : entries("/proc")) {
    const std::string name = process.filename();
    if (!std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) continue;
    const auto user = real_user(read_whole(process / "status"));
    if (!user || !trusted.includes(*user)) continue;  // what he says of himself is his to choose
    const auto theirs = served_configuration(read_start(process));
    if (!theirs || !is_same_file(process, *theirs, config_file)) continue;
    if (auto socket = control_socket_of(process, trusted)) return socket;
  }
  return {};
}

}  // namespace postern::relay
