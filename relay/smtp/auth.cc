// relay/smtp/auth.cc: AUTH PLAIN and AUTH LOGIN (RFC 4954, RFC 4616).
#include "policy/sasl.h"
#include "relay/smtp/replies.h"
#include "relay/smtp/session.h"

namespace postern::smtp {
namespace {

constexpr std::size_t failures_allowed =
    3;  // in one conversation; an address has its own allowance

/// A step of the exchange: a line of base64, or the reply that ends it.
using Response = std::expected<std::string, Answer>;
using Credentials = std::expected<policy::Credentials, Answer>;

/// Who is asked, and how long we wait for an answer.
struct Client {
  net::Stream& stream;
  net::IdleSessions& idle;
  std::chrono::milliseconds timeout;
};

Task<Response> ask(const Client& client, std::string_view challenge) {
  co_await client.stream.write(reply::challenge.with(challenge).wire());
  const net::IdleSessions::Mark mark(client.idle, client.stream);
  const net::Stream::Line line =
      co_await client.stream.read_line(policy::sasl_response_limit, client.timeout);
  if (line.too_long) co_return std::unexpected(reply::line_too_long);
  if (line.text == "*") co_return std::unexpected(reply::auth_cancelled);  // RFC 4954 §4
  co_return std::string(line.text);
}

Task<Credentials> plain(const Client& client, std::optional<std::string> initial) {
  Response response = initial ? Response(*initial) : co_await ask(client, "");
  if (!response) co_return std::unexpected(response.error());
  auto credentials = policy::parse_sasl_plain(*response);
  if (!credentials) co_return std::unexpected(reply::bad_syntax.with(credentials.error().text));
  co_return std::move(*credentials);
}

Task<Credentials> login(const Client& client, std::optional<std::string> initial) {
  // "Username:" and "Password:", as old clients compare them
  Response name = initial ? Response(*initial) : co_await ask(client, "VXNlcm5hbWU6");
  if (!name) co_return std::unexpected(name.error());
  const Response secret = co_await ask(client, "UGFzc3dvcmQ6");
  if (!secret) co_return std::unexpected(secret.error());
  auto user = policy::parse_sasl_login(*name);
  auto password = policy::parse_sasl_login(*secret);
  if (!user || !password) co_return std::unexpected(reply::bad_base64);
  co_return policy::Credentials{std::move(*user), std::move(*password)};
}

Answer failure_reply(mailbox::AuthFailure failure) {
  switch (failure) {
    case mailbox::AuthFailure::bad_credentials:
      return reply::login_failed;
    case mailbox::AuthFailure::too_many:
      return reply::too_many_logins;
    case mailbox::AuthFailure::unavailable:
      return reply::login_away;
  }
  return reply::login_away;
}

}  // namespace

bool Session::offers_login() const {
  return terms_.door == relay::Door::submission && !origin_.account &&
         net::lets_log_in(terms_.tls, stream_.is_encrypted());
}

Task<Answer> Session::auth(std::string_view arguments) {
  if (origin_.account) co_return reply::already_login;
  if (phase_ >= Phase::sender) co_return reply::out_of_order;
  if (!offers_login()) co_return reply::tls_for_login;
  const auto command = AuthCommand::parse(arguments);
  if (!command) co_return command.error();
  if (command->mechanism != "PLAIN" && command->mechanism != "LOGIN") {
    co_return reply::bad_mechanism;
  }
  const Client client{stream_, idle_, terms_.command_timeout};
  auto credentials = command->mechanism == "PLAIN"
                         ? co_await plain(client, command->initial_response)
                         : co_await login(client, command->initial_response);
  if (!credentials) co_return credentials.error();

  auto account =
      co_await logins_.login(std::move(credentials->user), std::move(credentials->password),
                             policy::Scope::smtp, stream_.peer());
  if (!account) {
    if (++failed_logins_ >= failures_allowed) closing_ = true;
    co_return failure_reply(account.error());
  }
  origin_.account = std::move(*account);
  phase_ = first_phase();
  co_return reply::authenticated;
}

}  // namespace postern::smtp
