// relay/api/paths.cc: see paths.h.
#include "relay/api/paths.h"

#include <algorithm>
#include <array>

#include "relay/accounts/account_admin.h"
#include "relay/api/queue_request.h"

namespace postern::http {
namespace {

constexpr std::string_view every_method = "GET, HEAD, POST, PUT, DELETE, OPTIONS";
constexpr std::string_view to_read = "GET, HEAD, OPTIONS", to_do = "POST, OPTIONS";

struct Path {
  std::string_view text, methods;
};
// clang-format off
constexpr std::array paths{
    Path{"/metrics",     to_read},
    Path{"/healthz",     to_read},
    Path{"/readyz",      to_read},
    Path{"/v1/status",   to_read},
    Path{queue_path,     to_read},
    Path{messages_path,  "GET, HEAD, POST, OPTIONS"},
    Path{"/v1/reload",   to_do},
};
// clang-format on

/// What stands behind `family` and a slash; empty: nothing.
std::string_view below(std::string_view path, std::string_view family) {
  if (!path.starts_with(family) || !path.substr(family.size()).starts_with('/')) return {};
  return path.substr(family.size() + 1);
}

bool is_id(std::string_view text) { return queue::parse_queue_id(text).has_value(); }

std::string_view without_raw(std::string_view text) {
  if (text.ends_with(raw_suffix)) text.remove_suffix(raw_suffix.size());
  return text;
}

}  // namespace

bool is_about_server(const Request& request) { return request.path == "*"; }

std::string allowed_methods(const Request& request) {
  const std::string_view path = request.path;
  if (is_about_server(request)) return std::string(every_method);
  if (relay::is_account_path(request.raw_path)) {
    return relay::methods_of_account_path(request.raw_path);
  }
  const auto found = std::ranges::find(paths, path, &Path::text);
  if (found != paths.end()) return std::string(found->methods);
  if (parse_action(below(path, queue_path))) return std::string(to_do);
  if (is_id(without_raw(below(path, queue_path)))) return std::string(to_read);
  if (is_id(below(path, messages_path))) return std::string(to_read);
  return {};
}

bool allows(std::string_view allowed, std::string_view method) {
  while (!allowed.empty()) {
    const std::string_view one = allowed.substr(0, allowed.find(','));
    if (one == method) return true;
    allowed.remove_prefix(std::min(one.size() + 2, allowed.size()));
  }
  return false;
}

Response methods_response(const Request& request, std::string allowed) {
  Response response = request.method == "OPTIONS"
                          ? Response{200, {}, {}, {}}
                          : problem(405, "Method Not Allowed", "this path knows " + allowed);
  response.fields.emplace_back("Allow", std::move(allowed));
  return response;
}

}  // namespace postern::http
