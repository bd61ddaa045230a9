// relay/api/api.cc: who may ask, and which function answers.
#include "relay/api/api.h"

#include "core/mail/encodings.h"
#include "core/metrics.h"
#include "relay/accounts/account_admin.h"
#include "relay/api/paths.h"
#include "relay/config/config.h"

namespace postern::http {
namespace {

Response unauthorized() {
  Response response = problem(401, "Unauthorized", "HTTP Basic with an account or an app password");
  response.fields.emplace_back("WWW-Authenticate", "Basic realm=\"postern\", charset=\"UTF-8\"");
  return response;
}

struct Credentials {
  std::string user, password;
};

/// RFC 7617.
std::optional<Credentials> basic_credentials(std::string_view authorization) {
  constexpr std::string_view scheme = "basic ";
  if (!mail::equal_ignoring_case(authorization.substr(0, scheme.size()), scheme)) return {};
  const auto decoded = mail::base64_decode(authorization.substr(scheme.size()));
  if (!decoded) return {};
  const std::size_t colon = decoded->find(':');
  if (colon == decoded->npos || colon == 0 || decoded->find('\0') != decoded->npos) return {};
  return Credentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

bool is_probe(std::string_view path) {
  return path == "/metrics" || path == "/healthz" || path == "/readyz";
}

}  // namespace

bool Api::is_near(const net::Address& peer) const {
  return peer.is_loopback() || net::is_within(snapshot_->config->trusted_networks, peer);
}

bool Api::is_operator(const Request& request) const {
  return trust_ == Trust::control || (request.account && request.account->is_operator);
}

Task<std::optional<Response>> Api::admit(Request& request) {
  if (trust_ != Trust::by_password || is_about_server(request)) co_return std::nullopt;
  if (is_probe(request.path)) {
    if (is_near(request.peer)) co_return std::nullopt;
    co_return problem(403, "Forbidden", "only for trusted_networks");
  }
  const auto credentials = basic_credentials(request.field("authorization"));
  if (!credentials) co_return unauthorized();
  auto account = co_await house_.logins.login(credentials->user, credentials->password,
                                              policy::Scope::http, request.peer);
  if (!account) {
    switch (account.error()) {
      case policy::AuthFailure::bad_credentials:
        co_return unauthorized();
      case policy::AuthFailure::too_many:
        co_return problem(429, "Too Many Requests", "too many failed logins from your address");
      case policy::AuthFailure::unavailable:
        co_return problem(503, "Service Unavailable", "logins cannot be checked right now");
    }
  }
  request.account = std::move(*account);
  co_return std::nullopt;
}

Response Api::health(const Request& request) const {
  if (request.path == "/metrics") {
    return {200, metrics::render(), "text/plain; version=0.0.4; charset=utf-8", {}};
  }
  if (request.path == "/healthz") return {200, "ok\n", "text/plain", {}};
  const std::string trouble = hooks_.trouble();
  if (trouble.empty()) return {200, "ready\n", "text/plain", {}};
  return problem(503, "Not ready", trouble);
}

Task<Response> Api::answer(Request request) {
  if (is_about_server(request)) co_return methods_response(request, allowed_methods(request));
  const std::string_view path = request.path;
  const bool is_for_operators = path.starts_with(queue_path) ||
                                relay::is_account_path(request.raw_path) || path == "/v1/reload";
  if (trust_ == Trust::submit && path != messages_path) {
    co_return problem(403, "Forbidden", "this socket takes messages only");
  }
  if (is_for_operators && !is_operator(request)) {
    co_return problem(403, "Forbidden", "only for an operator's account");
  }
  std::string allowed = trust_ == Trust::submit ? "POST, OPTIONS" : allowed_methods(request);
  if (allowed.empty()) co_return problem(404, "Not Found", "no such path or message");
  if (request.method == "OPTIONS" || !allows(allowed, request.method)) {
    co_return methods_response(request, std::move(allowed));
  }
  co_return co_await obey(request);
}

/// What the request's path stands for; it knows the method.
Task<Response> Api::obey(const Request& request) {
  const std::string_view path = request.path;
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  if (is_probe(path)) co_return health(request);
  if (path == messages_path && method == "GET") co_return co_await find_messages(request);
  if (path == messages_path && trust_ == Trust::by_password) {
    co_return co_await take_message(request);
  }
  if (path == messages_path) co_return co_await take_from_socket(request);
  if (path.starts_with(messages_path)) {
    co_return co_await timeline(request, path.substr(messages_path.size() + 1));
  }
  if (path == "/v1/status") co_return co_await status();
  if (path == "/v1/reload") co_return co_await hooks_.reload();
  if (path.starts_with(queue_path)) {
    co_return co_await queue(request, path.substr(queue_path.size()));
  }
  co_return co_await accounts(request, method);
}

}  // namespace postern::http
