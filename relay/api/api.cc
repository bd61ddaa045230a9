// relay/api/api.cc: who may ask, and which function answers.
#include "relay/api/api.h"

#include "core/async/offload.h"
#include "relay/api/credentials.h"
#include "relay/api/routes.h"
#include "relay/api/same_site.h"
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

/// Of loopback only the two addresses that this host's programs have, and no proxy on it: whom it
/// speaks for may be anywhere.
bool Api::is_near(const Request& request) const {
  const net::Address& peer = request.peer;
  const bool is_here = peer.is_unix() || peer.ip() == "127.0.0.1" || peer.ip() == "::1";
  return (is_here && !is_forwarded(request)) ||
         net::is_within(snapshot_->config->trusted_networks, peer);
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
  if (is_from_foreign_page(request)) {
    co_return Problem{403, "Forbidden", "a page of another site asks"};
  }
  if (is_open_to(routes(), request.raw_path, Caller::neighbour)) {
    co_return co_await admit_to_probes(request);
  }
  co_return co_await log_in(request);
}

Task<std::optional<Problem>> Api::admit_to_probes(Request& request) {
  if (is_near(request)) co_return std::nullopt;
  if (!request.field("authorization").empty()) {
    if (auto refusal = co_await log_in(request)) co_return refusal;
    if (request.account->is_operator) co_return std::nullopt;
  }
  co_return Problem{403, "Forbidden", "only for trusted_networks and operators"};
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

/// A long body is read where that may take its time.
Task<std::expected<Call, Response>> Api::find_call(const Request& request) {
  const auto find = [&] { return find_route(routes(), request, caller_of(request)); };
  if (request.body.size() <= longest_quick_body) co_return find();
  co_return co_await offload(services_.bodies.pool(), find);
}

Task<Response> Api::answer(Request request) {
  auto call = co_await find_call(request);
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
