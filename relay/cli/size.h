// relay/cli/size.h: "25MB" on the command line.
#pragma once

#include <cstdint>
#include <string_view>

namespace postern::relay {

/// Bytes: a whole number with B, KB, MB, GB, TB (thousands) or KiB, MiB, GiB, TiB; CommandFailed
/// otherwise.
std::uint64_t parse_size(std::string_view text);

}  // namespace postern::relay
