// relay/config/domain.h: [domain.NAME]: a local domain.
#pragma once

#include <string>
#include <vector>

#include "core/config/types.h"
#include "policy/config.h"

namespace postern::relay {

/// A `[domain.NAME]`
struct Domain {
  std::string catch_all;  ///< an address, or empty
  std::vector<policy::DkimKeyFile> dkim;
};

/// Reads one `[domain.NAME]`. Does not look at the keys.
Domain read_domain(config::Section section);

}  // namespace postern::relay
