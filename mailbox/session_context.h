// mailbox/session_context.h: what a conversation with a mail reader is given, over IMAP or POP3.
#pragma once

#include <memory>
#include <string>

#include "core/net/stream.h"
#include "core/net/tls_offer.h"
#include "mailbox/store/hub.h"
#include "policy/authenticator.h"
#include "policy/sasl/exchange.h"

namespace postern::mailbox {

struct SessionContext {
  std::shared_ptr<const net::TlsContext> tls;  // none: TLS cannot be started
  net::TlsOffer tls_offer = net::TlsOffer::required;
  std::string hostname;
  policy::Authenticator* authenticator = nullptr;  // outlives the session
  const Mailboxes* mailboxes = nullptr;            // outlives the session
  std::string credential;                          // what the login was with
  std::shared_ptr<void> slot;  // what the connection holds of some allowance; let go at its end

  /// Whether credentials may pass over `stream`.
  bool may_log_in(const net::Stream& stream) const {
    return net::lets_log_in(tls_offer, stream.is_encrypted());
  }
  /// What a SASL exchange of the protocol `scope` may know of `stream`.
  policy::sasl::Channel channel(const net::Stream& stream, policy::Scope scope) const {
    return {.scope = scope, .is_protected = may_log_in(stream)};
  }
  /// Whether the client may start TLS now.
  bool offers_tls(const net::Stream& stream) const {
    return net::offers_start_tls(tls_offer, tls != nullptr, stream.is_encrypted());
  }
  /// False ends the session: its account was disabled or removed, or its password is good no more.
  bool may_go_on() const { return authenticator->is_live(credential); }
};

}  // namespace postern::mailbox
