// relay/api/offline.cc: the same table, without a server behind it.
#include "relay/api/offline.h"

#include "relay/api/routes.h"

namespace postern::http {

Response answer_offline(policy::Accounts& accounts, const relay::LocalDomains& domains,
                        std::string_view method, std::string_view path, std::string_view body) {
  Request request;
  request.method = method;
  request.raw_path = path;
  request.body = body;
  const auto call = find_route(routes(), request, Caller::control);
  if (!call) return call.error();
  const auto* handler = std::get_if<relay::AccountHandler>(&call->route->handler);
  if (handler == nullptr) return problem(503, "Service Unavailable", "no gateway runs");
  return to_response((*handler)(accounts, {domains, call->captures, call->body}));
}

}  // namespace postern::http
