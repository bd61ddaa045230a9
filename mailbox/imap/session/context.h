// mailbox/imap/session/context.h: what an IMAP conversation is given besides its stream.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/async/thread_pool.h"
#include "mailbox/session_context.h"

namespace postern::imap {

/// By value: it goes with the conversation from the loop that accepted it to the account's.
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

}  // namespace postern::imap
