// mailbox/pop3/session.h: one POP3 conversation, greeting to QUIT (RFC 1939, RFC 2449, RFC 2595,
// RFC 5034).
#pragma once

#include <chrono>

#include "mailbox/session_context.h"

namespace postern::pop3 {

struct Context : mailbox::SessionContext {
  std::chrono::milliseconds login_timeout{std::chrono::minutes(3)};  // from the greeting on
  std::chrono::milliseconds idle_timeout{
      std::chrono::minutes(10)};  // RFC 1939 §3: at least 10 minutes
};

/// Serves a connection up to its login, then hands it to the loop that owns the account
/// (`Mailboxes`). A stream that came over implicit TLS is encrypted already.
Task<> serve(net::Stream stream, Context context);

}  // namespace postern::pop3
