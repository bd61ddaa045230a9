// mailbox/pop3/authorization.cc: USER and PASS, AUTH, STLS.
#include "mailbox/pop3/authorization.h"

#include <fmt/ranges.h>

#include <utility>

#include "mailbox/pop3/replies.h"

namespace postern::pop3 {
namespace {

namespace sasl = policy::sasl;
using policy::AuthFailure;

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
      co_await client_.tell_capabilities({.user = context_.may_log_in(stream_),
                                          .mechanisms = sasl::offered_names(channel()),
                                          .tls = context_.offers_tls(stream_)});
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
    co_await check(policy::Credentials{std::exchange(user_, {}), std::move(password)});
  }
}

/// AUTH (RFC 5034 §4).
Task<> Authorization::authenticate(std::string name, std::string initial_response) {
  if (!context_.may_log_in(stream_)) {
    co_await client_.refuse(reply::needs_tls);
    co_return;
  }
  if (name.empty()) {  // asked by old clients
    co_await client_.say(reply::mechanisms);
    co_await client_.say(fmt::format("{}\r\n.", fmt::join(sasl::offered_names(channel()), "\r\n")));
    co_return;
  }
  const sasl::Mechanism* mechanism = sasl::find_offered(name, channel());
  if (mechanism == nullptr) {
    co_await client_.refuse(reply::no_mechanism);
    co_return;
  }
  std::optional<std::string> initial;
  if (!initial_response.empty()) initial = std::move(initial_response);
  co_await converse(sasl::Dialogue(*mechanism, channel()), std::move(initial));
}

Task<> Authorization::converse(sasl::Dialogue dialogue, std::optional<std::string> initial) {
  sasl::Turn turn = dialogue.begin(initial);
  while (const auto* challenge = std::get_if<sasl::ChallengeLine>(&turn)) {
    co_await client_.say(std::string(reply::challenge) + challenge->base64);
    const std::optional<std::string> response = co_await client_.response();
    if (!response) co_return;
    turn = dialogue.answer(*response);
  }
  if (const auto* failure = std::get_if<sasl::Failure>(&turn)) {
    const bool is_cancelled = failure->why == sasl::Why::cancelled;
    co_await client_.refuse(is_cancelled ? reply::aborted : reply::bad_response);
  } else {
    co_await check(std::get<policy::Claim>(std::move(turn)));
  }
}

Task<> Authorization::check(policy::Claim claim) {
  std::expected<policy::Account, AuthFailure> account =
      co_await context_.authenticator->check(std::move(claim), policy::Scope::pop3, stream_.peer());
  if (account) {
    end_ = *std::move(account);
    co_return;
  }
  if (++attempts_ >= login_attempt_limit || account.error() == AuthFailure::too_many) client_.end();
  co_await client_.refuse(reply_to(account.error()));
}

}  // namespace postern::pop3
