// mailbox/pop3/session.h: one POP3 conversation, greeting to QUIT (RFC 1939, RFC 2449, RFC 2595,
// RFC 5034).
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "core/async/task.h"
#include "core/net/stream.h"
#include "mailbox/authenticator.h"
#include "mailbox/store/hub.h"

namespace postern::pop3 {

enum class TlsPolicy : std::uint8_t {
  required,  // STLS is offered, no login before it
  optional,  // STLS is offered, login in the clear too
  off,       // neither STLS nor a login on a clear connection
};

struct Context {
  std::shared_ptr<const net::TlsContext> tls;  // none: STLS is not offered
  TlsPolicy tls_policy = TlsPolicy::required;
  std::string hostname;
  mailbox::Authenticator* authenticator = nullptr;  // outlives the session
  const mailbox::Mailboxes* mailboxes = nullptr;    // outlives the session
  std::chrono::milliseconds idle_timeout{
      std::chrono::minutes(10)};  // RFC 1939 §3: at least 10 minutes
  std::chrono::milliseconds login_timeout{std::chrono::minutes(3)};
  std::shared_ptr<void> slot;  // what the connection holds of some allowance; let go at its end
};

/// Serves a connection up to its login, then hands it to the loop that owns the account
/// (`Mailboxes`). A stream that came over implicit TLS is encrypted already.
Task<> serve(net::Stream stream, Context context);

}  // namespace postern::pop3
