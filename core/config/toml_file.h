// core/config/toml_file.h: from a file to a TOML table, or to the mistake that keeps it from being
// one.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "core/config/toml.h"
#include "core/config/types.h"

namespace postern::config {

/// The bytes of a file of 4 MiB at most. Blocking.
std::expected<std::string, ConfigError> read_file(const Path& file);

/// The table that `text` is, or its first mistake. `file` is only a name.
std::expected<toml::table, ConfigError> parse_toml(std::string_view text, const Path& file);

}  // namespace postern::config
