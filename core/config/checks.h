// core/config/checks.h: what only shows when the whole file is read: files, names, addresses.
#pragma once

#include "core/config/reader.h"

namespace postern::config {

/// Two listeners on one address, a path too long for a unix socket.
void check_addresses(const Config& config, Report& report);
/// Certificate and key are there, readable, and belong together.
void check_tls(const Config& config, unsigned line, Report& report);
/// A DKIM key is readable and a private key.
void check_dkim_key(const DkimKeyFile& file, unsigned line, Report& report);
/// The descriptors that this process may have are enough for `connections`.
void check_descriptors(const Config& config, Report& report);

}  // namespace postern::config
