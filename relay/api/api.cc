// relay/api/api.cc: who may ask, and which function answers.
#include "relay/api/api.h"

#include "relay/api/credentials.h"
#include "relay/api/routes.h"
#include "relay/config/config.h"

namespace postern::http {
namespace {

Problem unauthorized() {
  return {.status = 401,
          .title = "Unauthorized",
          .detail = "HTTP Basic with an account or an app password",
          .fields = {{"WWW-Authenticate", "Basic realm=\"postern\", charset=\"UTF-8\""}}};
}

Problem as_problem(policy::AuthFailure failure) {
  switch (failure) {
    case policy::AuthFailure::bad_credentials:
      break;
    case policy::AuthFailure::too_many:
      return {429, "Too Many Requests", "too many failed logins from your address"};
    case policy::AuthFailure::unavailable:
      return {503, "Service Unavailable", "logins cannot be checked right now"};
  }
  return unauthorized();
}

}  // namespace

bool Api::is_near(const net::Address& peer) const {
  return peer.is_loopback() || net::is_within(snapshot_->config->trusted_networks, peer);
}

Caller Api::caller_of(const Request& request) const {
  if (trust_ == Trust::control) return Caller::control;
  if (trust_ == Trust::submit) return Caller::submit;
  if (!request.account) return Caller::neighbour;
  return request.account->is_operator ? Caller::operators : Caller::account;
}

/// Who has no name is told nothing: 401, whatever the path. But OPTIONS about the server as a whole
/// (`*`) tells nothing, and probes have no credentials.
Task<std::optional<Problem>> Api::admit(Request& request) {
  if (trust_ != Trust::by_password || request.raw_path == "*") co_return std::nullopt;
  if (is_open_to(routes(), request.raw_path, Caller::neighbour)) {
    if (is_near(request.peer)) co_return std::nullopt;
    co_return Problem{403, "Forbidden", "only for trusted_networks"};
  }
  co_return co_await log_in(request);
}

Task<std::optional<Problem>> Api::log_in(Request& request) {
  const auto credentials = basic_credentials(request.field("authorization"));
  if (!credentials) co_return unauthorized();
  auto account = co_await services_.logins.login(credentials->user, credentials->password,
                                                 policy::Scope::http, request.peer);
  if (!account) co_return as_problem(account.error());
  request.account = std::move(*account);
  co_return std::nullopt;
}

Task<Response> Api::answer(Request request) {
  auto call = find_route(routes(), request, caller_of(request));
  if (!call) co_return call.error();
  call->config = snapshot_->config;
  co_return to_response(co_await obey(*call));
}

Task<Answer> Api::obey(const Call& call) {
  if (const auto* handler = std::get_if<LoopHandler>(&call.route->handler)) {
    co_return co_await (*handler)(services_, call);
  }
  const auto domains = relay::local_domains(*call.config);
  const auto handler = std::get<relay::AccountHandler>(call.route->handler);
  co_return co_await services_.accounts.run(handler, {domains, call.captures, call.body});
}

}  // namespace postern::http
