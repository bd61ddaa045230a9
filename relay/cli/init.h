// relay/cli/init.h: a ready-to-run instance in a new folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace postern::relay {

struct InitOptions {
  std::filesystem::path folder;
  std::string domain;    ///< the local domain
  std::string hostname;  ///< empty: mail.DOMAIN
  /// Unprivileged ports on 127.0.0.1: base + the service's own.
  std::optional<std::uint16_t> base_port;
  std::string user;  ///< whom the data is for; empty: for root `postern` if there is one, else us
};

/// Writes postern.toml, tls/, dkim/ and the data folder: data/, or for a folder in /etc the one of
/// its name in /var/lib. Keys can be read by root and the user alone. Gives what to do next, for
/// the operator. Throws CommandFailed when a name is bad or something of that is there already,
/// IoError when the disk refuses.
std::string init_instance(const InitOptions& options);

}  // namespace postern::relay
