// mailbox/session_context.h: what a conversation with a mail reader is given, over IMAP or POP3.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/net/stream.h"
#include "mailbox/authenticator.h"
#include "mailbox/store/hub.h"

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
  Authenticator* authenticator = nullptr;  // outlives the session
  const Mailboxes* mailboxes = nullptr;    // outlives the session
  /// Asked before each command and each answer in IDLE; false ends the session (account disabled
  /// or removed). Cheap, callable from any loop. Empty: always allowed.
  std::function<bool(const std::string& account)> is_allowed;
  std::shared_ptr<void> slot;  // what the connection holds of some allowance; let go at its end

  /// Whether credentials may pass over `stream`.
  bool may_log_in(const net::Stream& stream) const {
    return stream.is_encrypted() || tls_policy == TlsPolicy::optional;
  }
  /// Whether the client may start TLS now.
  bool offers_tls(const net::Stream& stream) const {
    return !stream.is_encrypted() && tls && tls_policy != TlsPolicy::off;
  }
  bool allows(const std::string& account) const { return !is_allowed || is_allowed(account); }
};

}  // namespace postern::mailbox
