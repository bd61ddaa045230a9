// core/mail/charset.h: other charsets to UTF-8, by ICU.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::mail {

/// `bytes` in `charset` (any MIME name) as valid UTF-8; what cannot be converted becomes U+FFFD.
/// None for an unknown charset.
std::optional<std::string> to_utf8(std::string_view charset, std::string_view bytes);

/// Valid UTF-8 in any case: taken as UTF-8, else as windows-1252. For text that does not say what
/// it is.
std::string guess_utf8(std::string_view bytes);

}  // namespace postern::mail
