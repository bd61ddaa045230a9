// relay/api/credentials.h: the Authorization field (RFC 9110 §11.6.2).
#pragma once

#include <optional>
#include <string_view>

#include "policy/authenticator.h"

namespace postern::http {

/// Of the Basic scheme (RFC 7617 §2), in canonical base64. None: another scheme, or what cannot be
/// read in one way.
std::optional<policy::Credentials> basic_credentials(std::string_view authorization);

}  // namespace postern::http
