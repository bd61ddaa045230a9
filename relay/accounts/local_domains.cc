// relay/accounts/local_domains.cc: the local domains of a configuration.
#include "relay/accounts/local_domains.h"

#include "relay/config/config.h"

namespace postern::relay {

LocalDomains local_domains(const Config& config) {
  return {[&config](const mail::Domain& domain) { return config.domains.contains(domain.text()); },
          config.hostname};
}

}  // namespace postern::relay
