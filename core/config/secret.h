// core/config/secret.h: files that hold a secret; a configuration only names them.
#pragma once

#include <string>
#include <string_view>

#include "core/config/types.h"

namespace postern::config {

/// The first line of a file that holds a secret. Throws IoError when it cannot be read.
std::string read_secret(const Path& file);

/// A secret is named: it must be readable now. Notes a mistake.
void check_secret(Section& section, std::string_view key, const Path& file);

}  // namespace postern::config
