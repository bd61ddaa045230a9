// mailbox/store/folder_name.h: which names a folder may have. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::mailbox {

inline constexpr std::size_t folder_name_limit = 1000;  // octets
inline constexpr std::size_t folder_level_limit = 100;

/// The name as it is stored: valid UTF-8 without control characters and empty levels; INBOX as the
/// first level in upper case (RFC 3501 §5.1). None for any other name.
std::optional<std::string> normal_folder_name(std::string_view name);

/// "a/b/c" has the parents "a" and "a/b", in this order.
std::vector<std::string> parents_of(std::string_view name);

}  // namespace postern::mailbox
