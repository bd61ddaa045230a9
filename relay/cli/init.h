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
  std::optional<std::uint16_t>
      base_port;  ///< unprivileged ports on 127.0.0.1: base + the service's own
};

/// Writes postern.toml, data/, tls/ and dkim/; gives what to do next, for the operator. Throws
/// CommandFailed when a name is bad or something of that is there already, IoError when the disk
/// refuses.
std::string init_instance(const InitOptions& options);

}  // namespace postern::relay
