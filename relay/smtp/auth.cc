// relay/smtp/auth.cc: AUTH: carries an exchange of SASL (RFC 4954).
#include <fmt/ranges.h>

#include "policy/sasl/dialogue.h"
#include "relay/smtp/replies.h"
#include "relay/smtp/session.h"

namespace postern::smtp {
namespace {

namespace sasl = policy::sasl;

constexpr std::size_t failures_allowed =
    3;  // in one conversation; an address has its own allowance

/// Who is asked, and how long we wait for an answer.
struct Client {
  net::Stream& stream;
  net::IdleSessions& idle;
  std::chrono::milliseconds timeout;
};

Answer failure_reply(const sasl::Failure& failure) {
  if (failure.why == sasl::Why::cancelled) return reply::auth_cancelled;
  if (failure.why == sasl::Why::not_base64) return reply::bad_base64;
  return reply::bad_syntax.with(failure.text);
}

Answer failure_reply(policy::AuthFailure failure) {
  switch (failure) {
    case policy::AuthFailure::bad_credentials:
      return reply::login_failed;
    case policy::AuthFailure::too_many:
      return reply::too_many_logins;
    case policy::AuthFailure::unavailable:
      return reply::login_away;
  }
  return reply::login_away;
}

/// Challenges until the client has said who it is; the error is the reply that ends AUTH.
Task<std::expected<policy::Claim, Answer>> authenticate(const Client& client,
                                                        sasl::Dialogue dialogue,
                                                        std::optional<std::string> initial) {
  sasl::Turn turn = dialogue.begin(initial);
  while (const auto* challenge = std::get_if<sasl::ChallengeLine>(&turn)) {
    co_await client.stream.write(reply::challenge.with(challenge->base64).wire());
    const net::IdleSessions::Mark mark(client.idle, client.stream);
    const net::Stream::Line line =
        co_await client.stream.read_line(sasl::response_limit, client.timeout);
    if (line.too_long) co_return std::unexpected(reply::line_too_long);
    turn = dialogue.answer(line.text);
  }
  if (const auto* failure = std::get_if<sasl::Failure>(&turn)) {
    co_return std::unexpected(failure_reply(*failure));
  }
  co_return std::get<policy::Claim>(std::move(turn));
}

}  // namespace

sasl::Channel Session::sasl_channel() const {
  return {.scope = policy::Scope::smtp,
          .is_protected = net::lets_log_in(terms_.tls, stream_.is_encrypted())};
}

bool Session::offers_login() const {
  return terms_.door == relay::Door::submission && !origin_.account && sasl_channel().is_protected;
}

std::string Session::mechanisms() const {
  return fmt::format("{}", fmt::join(sasl::offered_names(sasl_channel()), " "));
}

Task<Answer> Session::auth(std::string_view arguments) {
  if (origin_.account) co_return reply::already_login;
  if (phase_ >= Phase::sender) co_return reply::out_of_order;
  if (!offers_login()) co_return reply::tls_for_login;
  const auto command = AuthCommand::parse(arguments);
  if (!command) co_return command.error();
  const sasl::Channel channel = sasl_channel();
  const sasl::Mechanism* mechanism = sasl::find_offered(command->mechanism, channel);
  if (mechanism == nullptr) co_return reply::bad_mechanism;

  const Client client{stream_, idle_, terms_.command_timeout};
  auto claim =
      co_await authenticate(client, sasl::Dialogue(*mechanism, channel), command->initial_response);
  if (!claim) co_return claim.error();
  auto account = co_await logins_.check(*std::move(claim), policy::Scope::smtp, stream_.peer());
  if (!account) {
    if (++failed_logins_ >= failures_allowed) closing_ = true;
    co_return failure_reply(account.error());
  }
  origin_.account = std::move(*account);
  phase_ = first_phase();
  co_return reply::authenticated;
}

}  // namespace postern::smtp
