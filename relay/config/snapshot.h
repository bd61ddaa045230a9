// relay/config/snapshot.h: a configuration with all that was read from the files that it names.
#pragma once

#include <expected>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/net/tls.h"
#include "policy/dkim/signer.h"

namespace postern::relay {

struct Config;

/// Never changed: a reload makes a new one, and sessions keep what they began with.
struct Snapshot {
  std::shared_ptr<const Config> config;
  std::shared_ptr<const net::TlsContext> tls;  ///< none without a certificate
  std::map<std::string, std::vector<policy::DkimKey>, std::less<>> dkim;  ///< by domain, A-labels

  /// Reads certificate and keys; the error names the file.
  static std::expected<std::shared_ptr<const Snapshot>, std::string> make(
      std::shared_ptr<const Config> config);
};

}  // namespace postern::relay
