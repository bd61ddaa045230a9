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

/// For a path segment or a query value: everything but the unreserved characters as `%XX`.
std::string percent_encode(std::string_view text);

}  // namespace postern
