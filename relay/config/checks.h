// relay/config/checks.h: what only shows when the whole file is read: files, names, addresses.
#pragma once

#include "core/config/types.h"
#include "relay/config/config.h"

namespace postern::relay {

/// Two listeners on one address, a path too long for a unix socket.
void check_addresses(const Config& config, config::Report& report);
/// Certificate and key are there where a listener needs them, readable, and belong together.
void check_tls(const Config& config, config::Report& report);
/// The descriptors that this process may have are enough for `connections`.
void check_descriptors(const Config& config, config::Report& report);
/// Warns of what other users of this machine, or of the wire, could read: data_dir, keys, passwords
/// over http.
void check_strangers(const Config& config, config::Report& report);

}  // namespace postern::relay
