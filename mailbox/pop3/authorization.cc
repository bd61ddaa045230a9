// mailbox/pop3/authorization.cc: USER and PASS, AUTH, STLS.
#include "mailbox/pop3/authorization.h"

#include <fmt/format.h>
#include <strings.h>

#include "mailbox/pop3/replies.h"

namespace postern::pop3 {
namespace {

using mailbox::AuthFailure;

constexpr int login_attempt_limit = 3;

std::string_view reply_to(AuthFailure failure) {
  switch (failure) {
    case AuthFailure::bad_credentials:
      return reply::bad_login;
    case AuthFailure::too_many:
      return reply::too_many;
    case AuthFailure::unavailable:
      break;
  }
  return reply::unavailable;
}

}  // namespace

Task<AuthorizationEnd> Authorization::run(bool greet) {
  if (greet) co_await client_.say(fmt::format(fmt::runtime(reply::greeting), context_.hostname));
  while (!is_decided()) {
    const std::optional<Command> command = co_await client_.next();
    if (!command) break;
    co_await obey(*command);
  }
  co_return std::move(end_);
}

Task<> Authorization::obey(const Command& command) {
  switch (command.verb) {
    case Verb::capa:
      co_await client_.tell_capabilities(context_.may_log_in(stream_),
                                         context_.offers_tls(stream_));
      break;
    case Verb::stls:
      co_await start_tls();
      break;
    case Verb::user:
      co_await take_user(command.text);
      break;
    case Verb::pass:
      co_await take_password(command.text);
      break;
    case Verb::auth:
      co_await authenticate(command.text, command.initial_response);
      break;
    default:  // QUIT: the others belong to the transaction
      client_.end();
      co_await client_.say(reply::bye);
  }
}

Task<> Authorization::start_tls() {
  if (!context_.offers_tls(stream_)) {
    co_await client_.refuse(reply::no_tls);
    co_return;
  }
  end_ = StartTls();
  co_await client_.say(reply::start_tls);
}

Task<> Authorization::take_user(std::string user) {
  if (!context_.may_log_in(stream_)) {
    co_await client_.refuse(reply::needs_tls);
    co_return;
  }
  user_ = std::move(user);
  co_await client_.say(reply::send_password);  // for every name: which exist is nobody's business
}

Task<> Authorization::take_password(std::string password) {
  if (!context_.may_log_in(stream_)) {
    co_await client_.refuse(reply::needs_tls);
  } else if (user_.empty()) {
    co_await client_.refuse(reply::user_first);
  } else {
    co_await login({.user = std::exchange(user_, {}), .password = std::move(password)});
  }
}

Task<> Authorization::authenticate(std::string mechanism, std::string response) {
  if (!context_.may_log_in(stream_)) {
    co_await client_.refuse(reply::needs_tls);
    co_return;
  }
  if (mechanism.empty()) {  // asked by old clients
    co_await client_.say(reply::mechanisms);
    co_await client_.say("PLAIN\r\n.");
    co_return;
  }
  if (::strcasecmp(mechanism.c_str(), "PLAIN") != 0) {
    co_await client_.refuse(reply::no_mechanism);
    co_return;
  }
  if (response.empty()) {
    co_await client_.say(reply::go_ahead);
    const std::optional<std::string> given = co_await client_.response();
    if (!given) co_return;
    response = *given;
  }
  const auto credentials = policy::parse_sasl_plain(response);
  if (credentials) {
    co_await login(*credentials);
  } else {
    co_await client_.refuse(reply::bad_response);
  }
}

Task<> Authorization::login(policy::Credentials credentials) {
  std::expected<policy::Account, AuthFailure> account = co_await context_.authenticator->login(
      std::move(credentials.user), std::move(credentials.password), policy::Scope::pop3,
      stream_.peer());
  if (account) {
    end_ = *std::move(account);
    co_return;
  }
  if (++attempts_ >= login_attempt_limit || account.error() == AuthFailure::too_many) client_.end();
  co_await client_.refuse(reply_to(account.error()));
}

}  // namespace postern::pop3
