// mailbox/pop3/conversation.h: commands in, replies out, in either state of a session.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/async/task.h"
#include "core/net/stream.h"
#include "mailbox/pop3/command.h"

namespace postern::pop3 {

/// What CAPA names besides what every session has.
struct Offer {
  bool user = false;                              // USER and PASS
  std::vector<std::string_view> mechanisms = {};  // of AUTH
  bool tls = false;
};

/// Reads the commands that are legal in one state, and answers all others itself. The stream
/// outlives it.
class Conversation {
 public:
  /// `state`: authorization or transaction. `patience`: how long a line may take.
  Conversation(net::Stream& stream, When state, std::chrono::milliseconds patience)
      : stream_(stream), state_(state), patience_(patience) {}

  /// None once the conversation is over. Timeout and ConnectionClosed are thrown.
  Task<std::optional<Command>> next();
  /// A line that is no command: the answer to a challenge. None when it was too long, and the
  /// client has been told.
  Task<std::optional<std::string>> response();

  Task<> say(std::string_view line);
  /// Says what was wrong; after too many mistakes the conversation is over.
  Task<> refuse(std::string_view line);
  /// The list of CAPA (RFC 2449 §5).
  Task<> tell_capabilities(const Offer& offer);
  void end() { is_over_ = true; }

 private:
  net::Stream& stream_;
  When state_;
  std::chrono::milliseconds patience_;
  bool is_over_ = false;
  int mistakes_ = 0;
};

}  // namespace postern::pop3
