// delivery/smarthost.h: the `via` of a route, read: a smarthost or an LMTP server.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "core/error.h"
#include "delivery/outcome.h"

namespace postern::delivery {

/// "smtp://host:port", "smtps://user@host:465", "submission://user@host:587", "lmtp://host:port" or
/// "lmtp+unix:///path". The password is filled in by the caller. `smtp` asks for TLS as `fallback`
/// says, the others always. Pure.
std::expected<Target, SyntaxError> parse_via(std::string_view via, TlsDemand fallback);

}  // namespace postern::delivery
