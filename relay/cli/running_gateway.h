// relay/cli/running_gateway.h: finds the gateway that serves a configuration file, also when the
// file names another data_dir by now.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "relay/cli/trusted_peers.h"

namespace postern::relay {

/// How a process was started, as /proc tells it: texts that each end with a NUL.
struct ProcessStart {
  std::string arguments, environment;
  std::filesystem::path folder;
};

/// Of a folder in /proc. Empty where it cannot be read: the process has ended (also meanwhile), or
/// is another user's.
ProcessStart read_start(const std::filesystem::path& process);

/// The configuration that it serves; none when it is no `postern serve`. Pure.
std::optional<std::filesystem::path> served_configuration(const ProcessStart& start);

/// The control socket of the running gateway that serves `config_file`. Looks at processes and
/// locks of those who are trusted only, and can see those of our user; as root, of all.
std::optional<std::filesystem::path> find_control_socket(const std::filesystem::path& config_file,
                                                         const TrustedPeers& trusted);

}  // namespace postern::relay
