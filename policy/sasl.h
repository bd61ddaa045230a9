// policy/sasl.h: the messages of SASL mechanisms that carry a password (RFC 4616; LOGIN), as every
// protocol reads them.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "core/error.h"

namespace postern::policy {

/// A login name and its password, as a client gave them. Neither is empty, neither holds NUL.
struct Credentials {
  std::string user;
  std::string password;
};

/// No SASL response of a password mechanism is longer (base64 octets).
inline constexpr std::size_t sasl_response_limit = 4096;

/// Decodes one SASL line in canonical base64; "=" is the empty response (RFC 4954 §4).
std::expected<std::string, SyntaxError> decode_sasl(std::string_view base64);

/// Reads a PLAIN response: [authzid] NUL authcid NUL password (RFC 4616 §2), still in base64.
/// Exactly two NULs; an authzid must be absent or the authcid itself: nobody acts for another here.
std::expected<Credentials, SyntaxError> parse_sasl_plain(std::string_view base64);

/// Reads one answer of LOGIN (the name, or the password): canonical base64 of a text without NUL,
/// not empty.
std::expected<std::string, SyntaxError> parse_sasl_login(std::string_view base64);

}  // namespace postern::policy
