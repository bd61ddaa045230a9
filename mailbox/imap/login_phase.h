// mailbox/imap/login_phase.h: a conversation before its login: the not authenticated state (RFC
// 3501 §3.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/async/task.h"
#include "core/net/stream.h"
#include "mailbox/imap/grammar/request.h"
#include "mailbox/imap/session/command_reader.h"
#include "mailbox/imap/session/context.h"
#include "mailbox/imap/session/replies.h"
#include "policy/authenticator.h"

namespace postern::imap {

/// The connection is over; the client has been told.
struct Parted {};
/// The client waits for our side of the handshake.
struct StartTls {};
/// The command `tag` logged in, and is answered by the account's loop.
struct LoggedIn {
  policy::Account account;
  std::string tag;
};
using LoginEnd = std::variant<Parted, StartTls, LoggedIn>;

/// Serves the commands of a stranger until one of them ends the phase. After STARTTLS a new one
/// starts, which knows nothing of the old (RFC 3501 §6.2.1). The caller's stream and context
/// outlive it.
class LoginPhase {
 public:
  LoginPhase(net::Stream& stream, const Context& context);

  /// `greet`: begins with the greeting. Timeout, ConnectionClosed and Cancelled are thrown.
  Task<LoginEnd> run(bool greet);

 private:
  struct Verb {
    std::string_view name;
    bool has_arguments;
    Task<Answer> (LoginPhase::*handler)(const Request&);
  };
  static const Verb* find_verb(std::string_view name);
  struct Tagged {
    std::string tag;
    Answer answer;
  };

  Task<Tagged> respond(const Input& input);
  Task<Answer> obey(const Request& request);
  bool is_mistake_too_many(const Answer& answer);

  // login_phase.cc
  Task<Answer> capability(const Request& request);
  Task<Answer> noop(const Request& request);
  Task<Answer> logout(const Request& request);
  Task<Answer> id(const Request& request);
  Task<Answer> starttls(const Request& request);
  // authenticate.cc
  Task<Answer> login(const Request& request);
  Task<Answer> authenticate(const Request& request);
  Task<Answer> check(policy::Claim claim, std::string tag);

  net::Stream& stream_;
  const Context& context_;
  CommandReader reader_;
  std::optional<LoginEnd> end_;
  int mistakes_ = 0;
};

}  // namespace postern::imap
