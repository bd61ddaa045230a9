// message.h: messages as they come from the world, all different.
#pragma once

#include <string>

namespace bench {

/// About `size` octets with CRLF line ends: trace fields, a text and an HTML part. Equal for equal
/// numbers.
std::string message(unsigned number, std::size_t size);

}  // namespace bench
