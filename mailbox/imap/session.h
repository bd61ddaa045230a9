// mailbox/imap/session.h: one IMAP conversation, greeting to LOGOUT (RFC 3501).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/async/task.h"
#include "core/async/thread_pool.h"
#include "core/net/stream.h"
#include "mailbox/authenticator.h"
#include "mailbox/store/hub.h"

namespace postern::imap {

enum class TlsPolicy : std::uint8_t {
  required,  // STARTTLS is offered, no login before it
  optional,  // STARTTLS is offered, login in the clear too
  off,       // neither STARTTLS nor a login on a clear connection
};

struct Context {
  std::shared_ptr<const net::TlsContext> tls;  // none: STARTTLS is not offered
  TlsPolicy tls_policy = TlsPolicy::required;
  std::string hostname;
  mailbox::Authenticator* authenticator = nullptr;  // outlives the session
  const mailbox::Mailboxes* mailboxes = nullptr;    // outlives the session
  ThreadPool* pool = nullptr;                       // for scratch files; outlives the session
  std::string scratch_folder = "/tmp";      // where APPEND puts what is too large for memory
  std::uint64_t message_size = 50'000'000;  // limits.message_size
  std::chrono::milliseconds login_timeout{std::chrono::minutes(2)};
  std::chrono::milliseconds idle_timeout{
      std::chrono::minutes(31)};  // RFC 3501 §5.4: at least 30 minutes
  std::chrono::milliseconds command_timeout{
      std::chrono::minutes(5)};  // limits.command_timeout: to read one, or to write 64 KiB
  std::chrono::milliseconds still_here{std::chrono::minutes(2)};  // between signs of life in IDLE
  /// Asked before each command and each answer in IDLE; false ends the session (account disabled
  /// or removed). Cheap, callable from any loop. Empty: always allowed.
  std::function<bool(const std::string& account)> is_allowed;
  std::shared_ptr<void> slot;  // what the connection holds of some allowance; let go at its end
};

/// Serves a connection up to its login, then hands it to the loop that owns the account
/// (`Mailboxes`). A stream that came over implicit TLS is encrypted already.
Task<> serve(net::Stream stream, Context context);

}  // namespace postern::imap
