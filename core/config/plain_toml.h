// core/config/plain_toml.h: keeps from toml++ 3.3 what it cannot stand.
#pragma once

#include <optional>
#include <string_view>

namespace postern::config {

/// The line of the first character beyond ASCII that stands outside of quotes and comments, or
/// inside of triple quotes. There toml++ takes U+00A1 to U+0499 for what cannot be, with undefined
/// behaviour. (International domains belong in quotes in any case.) Pure.
std::optional<unsigned> misplaced_character(std::string_view text);

}  // namespace postern::config
