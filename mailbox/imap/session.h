// mailbox/imap/session.h: one IMAP conversation, greeting to LOGOUT (RFC 3501).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/async/thread_pool.h"
#include "mailbox/session_context.h"

namespace postern::imap {

struct Context : mailbox::SessionContext {
  ThreadPool* pool = nullptr;               // for scratch files; outlives the session
  std::string scratch_folder = "/tmp";      // where APPEND puts what is too large for memory
  std::uint64_t message_size = 50'000'000;  // limits.message_size
  std::chrono::milliseconds login_timeout{std::chrono::minutes(3)};  // from the greeting on
  std::chrono::milliseconds idle_timeout{
      std::chrono::minutes(31)};  // RFC 3501 §5.4: at least 30 minutes
  std::chrono::milliseconds command_timeout{
      std::chrono::minutes(5)};  // limits.command_timeout: to read one, or to write 64 KiB
  std::chrono::milliseconds still_here{std::chrono::minutes(2)};  // between signs of life in IDLE
};

/// Serves a connection up to its login, then hands it to the loop that owns the account
/// (`Mailboxes`). A stream that came over implicit TLS is encrypted already.
Task<> serve(net::Stream stream, Context context);

}  // namespace postern::imap
