// relay/api/router.cc: from a request to the row that takes it, or to the answer without one.
#include "relay/api/router.h"

#include <algorithm>
#include <array>

#include "queue/model/queue_id.h"

namespace postern::http {
namespace {

constexpr std::array<std::string_view, 4> methods{"GET", "POST", "PUT", "DELETE"};
constexpr std::string_view whole_server = "*";  // RFC 9112 §3.2.4

struct Match {
  const Route* route;
  Captures captures;
};

std::string_view method_of(const Match& match) { return match.route->method; }

bool fits(const Captures& captures) {
  const std::string* const id = captures.find("id");
  return id == nullptr || queue::parse_queue_id(*id).has_value();
}

std::vector<Match> rows_for(std::span<const Route> routes, const Segments& path) {
  std::vector<Match> found;
  for (const Route& route : routes) {
    auto captures = match(route.pattern, path);
    if (captures && fits(*captures)) found.push_back({&route, *std::move(captures)});
  }
  return found;
}

std::vector<Match> rows_for(std::span<const Route> routes, std::string_view raw_path,
                            Caller caller) {
  const auto path = split_path(raw_path);
  if (!path) return {};
  auto found = rows_for(routes, *path);
  std::erase_if(found, [&](const Match& one) { return !one.route->who.contains(caller); });
  return found;
}

template <class Knows>
std::string allow_text(Knows knows) {
  std::string text;
  for (const std::string_view method : methods) {
    if (!knows(method)) continue;
    text += std::string(method) + (method == "GET" ? ", HEAD, " : ", ");
  }
  return text.empty() ? text : text + "OPTIONS";
}

std::string allow_text(const std::vector<Match>& rows) {
  return allow_text([&](std::string_view method) {
    return std::ranges::find(rows, method, method_of) != rows.end();
  });
}

/// The answer to OPTIONS, or 405 to what is not among the methods.
Response methods_response(const Request& request, std::string allowed) {
  Response response = request.method == "OPTIONS"
                          ? Response{200, {}, {}, {}}
                          : problem(405, "Method Not Allowed", "this path knows " + allowed);
  response.fields.emplace_back("Allow", std::move(allowed));
  return response;
}

/// Of the family that the path lies in, nothing is for the caller: nor is it told which paths there
/// are.
bool is_closed(std::span<const Route> routes, const Segments& path, Caller caller) {
  bool has_family = false;
  for (const Route& route : routes) {
    if (!is_same_family(route.pattern, path)) continue;
    if (route.who.contains(caller)) return false;
    has_family = true;
  }
  return has_family;
}

/// No row of this path is for the caller.
Response no_row(std::span<const Route> routes, const Segments& path, Caller caller) {
  if (caller == Caller::submit) {
    return problem(403, "Forbidden", "this socket takes messages only");
  }
  if (!rows_for(routes, path).empty() || is_closed(routes, path, caller)) {
    return problem(403, "Forbidden", "only for an operator's account");
  }
  return problem(404, "Not Found", "no such path or message");
}

/// The body as the row wants it; what is wrong with it, for a person.
std::expected<Json, std::string> read_body(const Input& takes, std::string_view text) {
  if (takes.body == Body::ignored || takes.body == Body::message) return Json::object();
  const bool may_lack = takes.body == Body::object_if_any;
  Json body = may_lack && text.empty() ? Json::object() : parse_json(text);
  if (may_lack) body = without_nulls(std::move(body));
  if (auto mistake = mistake_in(body, takes.fields)) return std::unexpected(*std::move(mistake));
  return body;
}

}  // namespace

std::string allowed_methods(std::span<const Route> routes, std::string_view raw_path,
                            Caller caller) {
  if (raw_path != whole_server) return allow_text(rows_for(routes, raw_path, caller));
  return allow_text([&](std::string_view method) {
    return std::ranges::find(routes, method, &Route::method) != routes.end();
  });
}

bool is_open_to(std::span<const Route> routes, std::string_view raw_path, Caller caller) {
  return !rows_for(routes, raw_path, caller).empty();
}

std::expected<Call, Response> find_route(std::span<const Route> routes, const Request& request,
                                         Caller caller) {
  if (request.raw_path == whole_server) {
    return std::unexpected(
        methods_response(request, allowed_methods(routes, whole_server, caller)));
  }
  const auto path = split_path(request.raw_path);
  if (!path) {
    return std::unexpected(problem(400, "Bad Request", "a % without two hexadecimal digits"));
  }
  auto rows = rows_for(routes, request.raw_path, caller);
  if (rows.empty()) return std::unexpected(no_row(routes, *path, caller));
  const std::string_view asked = request.method;
  const auto row = std::ranges::find(rows, asked == "HEAD" ? "GET" : asked, method_of);
  if (row == rows.end()) return std::unexpected(methods_response(request, allow_text(rows)));
  auto body = read_body(row->route->takes, request.body);
  if (!body) return std::unexpected(problem(400, "Bad Request", body.error()));
  return Call{request, caller, row->route, std::move(row->captures), *std::move(body)};
}

}  // namespace postern::http
