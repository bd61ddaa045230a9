// relay/http/head_check.h: the strict look at a request's head before any library reads it.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace postern::http {

inline constexpr std::size_t most_fields = 100;
/// Of one field, its name included: Beast counts their octets in 16 bits.
inline constexpr std::size_t longest_field = 60 * 1024;

/// Why a head is not taken.
struct HeadRefusal {
  int status = 400;  ///< 431: its fields are too many or too long (RFC 6585 §5)
  std::string text;
};

/// The path and query of a request-target (RFC 9112 §3.2): `http://host/path?x` is `/path?x`, and
/// the
/// `*` of OPTIONS itself. None for what is no target of an origin server.
std::optional<std::string> origin_form(std::string_view target);

/// `head` runs to its empty line, CRLF included. Refuses whatever two readers could take
/// differently (RFC 9112): bare CR or LF, obs-fold, blanks before the colon, two lengths, length
/// with chunked, any other transfer coding, none or two Hosts, controls. After a refusal the
/// connection must be closed.
std::expected<void, HeadRefusal> check_head(std::string_view head);

}  // namespace postern::http
