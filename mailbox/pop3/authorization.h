// mailbox/pop3/authorization.h: the AUTHORIZATION state (RFC 1939 §4; RFC 2595; RFC 5034).
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "mailbox/pop3/conversation.h"
#include "mailbox/pop3/session.h"
#include "policy/sasl/dialogue.h"

namespace postern::pop3 {

struct StartTls {};
/// How the state ends; monostate: the client said QUIT, or too much that was wrong.
using AuthorizationEnd = std::variant<std::monostate, StartTls, policy::Account>;

/// From the greeting to a login. After STLS a new one starts, which knows nothing of the old. The
/// caller's stream and context outlive it.
class Authorization {
 public:
  Authorization(net::Stream& stream, const Context& context)
      : stream_(stream),
        context_(context),
        client_(stream, When::authorization, context.login_timeout) {}

  Task<AuthorizationEnd> run(bool greet);

 private:
  Task<> obey(const Command& command);
  Task<> start_tls();
  Task<> take_user(std::string user);
  Task<> take_password(std::string password);
  Task<> authenticate(std::string name, std::string initial_response);
  Task<> converse(policy::sasl::Dialogue dialogue, std::optional<std::string> initial);
  Task<> check(policy::Claim claim);
  policy::sasl::Channel channel() const { return context_.channel(stream_, policy::Scope::pop3); }
  bool is_decided() const { return !std::holds_alternative<std::monostate>(end_); }

  net::Stream& stream_;
  const Context& context_;
  Conversation client_;
  std::string user_;
  AuthorizationEnd end_;
  int attempts_ = 0;
};

}  // namespace postern::pop3
