// relay/config/snapshot.cc: reads the certificate and the DKIM keys of a configuration.
#include "relay/config/snapshot.h"

#include "core/error.h"
#include "relay/config/config.h"

namespace postern::relay {

std::expected<std::shared_ptr<const Snapshot>, std::string> Snapshot::make(
    std::shared_ptr<const Config> config) {
  auto snapshot = std::make_shared<Snapshot>();
  try {
    if (!config->tls.certificate.empty()) {
      snapshot->tls = net::TlsContext::server(
          {config->tls.certificate.string(), config->tls.key.string()},
          config->tls.min_version == "1.3" ? net::TlsVersion::tls1_3 : net::TlsVersion::tls1_2);
    }
  } catch (const IoError& error) {
    return std::unexpected(error.what());
  }
  for (const auto& [domain, settings] : config->domains) {
    for (const policy::DkimKeyFile& file : settings.dkim) {
      auto key = policy::DkimKey::load(domain, file.selector, file.key.string());
      if (!key) return std::unexpected(file.key.string() + ": " + key.error());
      snapshot->dkim[domain].push_back(std::move(*key));
    }
  }
  snapshot->config = std::move(config);
  return snapshot;
}

}  // namespace postern::relay
