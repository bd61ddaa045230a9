// relay/http/head_check.h: the strict look at a request's head before any library reads it.
#pragma once

#include <cstddef>
#include <expected>
#include <string_view>

#include "core/error.h"

namespace postern::http {

inline constexpr std::size_t longest_head = 16 * 1024;
inline constexpr std::size_t most_fields = 100;

/// `head` runs to its empty line, CRLF included. Refuses whatever two readers could take
/// differently (RFC 9112): bare CR or LF, obs-fold, blanks before the colon, two lengths, length
/// with chunked, any other transfer coding, none or two Hosts, controls. After a refusal the
/// connection must be closed.
std::expected<void, SyntaxError> check_head(std::string_view head);

}  // namespace postern::http
