// mailbox/imap/commands/login.h: what LOGIN and AUTHENTICATE ask for. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mailbox/imap/grammar/arguments.h"

namespace postern::imap {

/// RFC 3501 §6.2.3.
struct LoginRequest {
  std::string user, password;
  static Parsed<LoginRequest> parse(std::string_view arguments);
};

/// RFC 3501 §6.2.2.
struct AuthenticateRequest {
  std::string mechanism;                        // in capitals
  std::optional<std::string> initial_response;  // base64 (RFC 4959)
  static Parsed<AuthenticateRequest> parse(std::string_view arguments);
};

}  // namespace postern::imap
