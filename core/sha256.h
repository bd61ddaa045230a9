// core/sha256.h: a name of 64 letters and digits for any text.
#pragma once

#include <string>
#include <string_view>

namespace postern {

/// SHA-256 in hexadecimal digits, in lower case.
std::string sha256(std::string_view text);

}  // namespace postern
