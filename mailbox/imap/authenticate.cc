// mailbox/imap/authenticate.cc: LOGIN, and AUTHENTICATE, which carries an exchange of SASL (RFC
// 3501 §6.2.2 and §6.2.3, RFC 4959).
#include <fmt/format.h>

#include <utility>

#include "mailbox/imap/commands/login.h"
#include "mailbox/imap/login_phase.h"
#include "mailbox/imap/session/refusal.h"
#include "policy/sasl/dialogue.h"

namespace postern::imap {
namespace {

namespace sasl = policy::sasl;

Answer refusal(const sasl::Failure& failure) {
  if (failure.why == sasl::Why::cancelled) return reply::cancelled;
  return reply::bad_syntax.about(failure.text);
}

Answer refusal(policy::AuthFailure failure) {
  switch (failure) {
    case policy::AuthFailure::bad_credentials:
      return reply::wrong_password;
    case policy::AuthFailure::too_many:
      return reply::too_many_failures;
    case policy::AuthFailure::unavailable:
      break;
  }
  return reply::unavailable;
}

}  // namespace

Task<Answer> LoginPhase::login(const Request& request) {
  if (!context_.may_log_in(stream_)) co_return reply::needs_tls;
  auto login = LoginRequest::parse(request.arguments);
  if (!login) co_return bad_syntax(login.error());
  co_return co_await check(policy::Credentials{std::move(login->user), std::move(login->password)},
                           request.tag);
}

Task<Answer> LoginPhase::authenticate(const Request& request) {
  if (!context_.may_log_in(stream_)) co_return reply::needs_tls;
  const auto command = AuthenticateRequest::parse(request.arguments);
  if (!command) co_return bad_syntax(command.error());
  const sasl::Channel channel = context_.channel(stream_, policy::Scope::imap);
  const sasl::Mechanism* mechanism = sasl::find_offered(command->mechanism, channel);
  if (mechanism == nullptr) co_return reply::no_mechanism;

  sasl::Dialogue dialogue(*mechanism, channel);
  sasl::Turn turn = dialogue.begin(command->initial_response);
  while (const auto* challenge = std::get_if<sasl::ChallengeLine>(&turn)) {
    co_await stream_.write(fmt::format("+ {}\r\n", challenge->base64));
    const net::Stream::Line line =
        co_await stream_.read_line(sasl::response_limit, context_.login_timeout);
    if (line.too_long) co_return reply::cancelled;
    turn = dialogue.answer(line.text);
  }
  if (const auto* failure = std::get_if<sasl::Failure>(&turn)) co_return refusal(*failure);
  co_return co_await check(std::get<policy::Claim>(std::move(turn)), request.tag);
}

/// Ends the phase if the claim is good.
Task<Answer> LoginPhase::check(policy::Claim claim, std::string tag) {
  auto account =
      co_await context_.authenticator->check(std::move(claim), policy::Scope::imap, stream_.peer());
  if (!account) co_return refusal(account.error());
  end_ = LoggedIn{*std::move(account), std::move(tag)};
  co_return reply::logged_in;
}

}  // namespace postern::imap
