// relay/accounts/local_domains.h: where addresses of our own may be made.
#pragma once

#include <functional>
#include <string>

#include "core/mail/address.h"

namespace postern::relay {

struct Config;

struct LocalDomains {
  std::function<bool(const mail::Domain&)> are_declared;  ///< by `[domain."…"]`
  /// The gateway's own name. What programs of this host send goes there (root@hostname): it has
  /// aliases, and no accounts unless it is declared, too.
  std::string hostname;
};

/// As `[domain."…"]` and `hostname` say. `config` outlives it.
LocalDomains local_domains(const Config& config);

}  // namespace postern::relay
