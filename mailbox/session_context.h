// mailbox/session_context.h: what a conversation with a mail reader is given, over IMAP or POP3.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/net/stream.h"
#include "mailbox/store/hub.h"
#include "policy/authenticator.h"
#include "policy/sasl/exchange.h"

namespace postern::mailbox {

enum class TlsPolicy : std::uint8_t {
  required,  // TLS can be started, no login before it
  optional,  // TLS can be started, login in the clear too
  off,       // neither TLS nor a login on a clear connection
};

struct SessionContext {
  std::shared_ptr<const net::TlsContext> tls;  // none: TLS cannot be started
  TlsPolicy tls_policy = TlsPolicy::required;
  std::string hostname;
  policy::Authenticator* authenticator = nullptr;  // outlives the session
  const Mailboxes* mailboxes = nullptr;            // outlives the session
  std::string credential;                          // what the login was with
  std::shared_ptr<void> slot;  // what the connection holds of some allowance; let go at its end

  /// Whether credentials may pass over `stream`.
  bool may_log_in(const net::Stream& stream) const {
    return stream.is_encrypted() || tls_policy == TlsPolicy::optional;
  }
  /// What a SASL exchange of the protocol `scope` may know of `stream`.
  policy::sasl::Channel channel(const net::Stream& stream, policy::Scope scope) const {
    return {.scope = scope, .is_protected = may_log_in(stream)};
  }
  /// Whether the client may start TLS now.
  bool offers_tls(const net::Stream& stream) const {
    return !stream.is_encrypted() && tls && tls_policy != TlsPolicy::off;
  }
  /// False ends the session: its account was disabled or removed, or its password is good no more.
  bool may_go_on() const { return authenticator->is_live(credential); }
};

}  // namespace postern::mailbox
