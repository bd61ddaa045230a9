// core/percent.h: percent-encoding (RFC 3986 §2.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern {

/// The octet that the escape `%XX` at the beginning of `text` stands for; none when there is none.
std::optional<char> percent_escape(std::string_view text);

/// None when a `%` is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

/// The characters that need no escape anywhere (RFC 3986 §2.3).
bool is_unreserved(char c);

/// Everything as `%XX` but what may `stay`; as it stands it makes a path segment or a query value.
std::string percent_encode(std::string_view text, bool (*stays)(char) = is_unreserved);

}  // namespace postern
