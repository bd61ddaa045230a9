// relay/api/status.cc: the one screen of `postern status`, and reload.
#include <fmt/format.h>

#include "core/async/loop.h"

#include "relay/api/handlers.h"
#include "relay/api/json_views.h"

namespace postern::http {
namespace {

Json view(const Status::Listener& listener) {
  return {{"service", listener.service},
          {"address", listener.address},
          {"tls", listener.tls},
          {"sessions", listener.sessions}};
}

Json view(const Status::Certificate& certificate) {
  const auto left = certificate.expires - Loop::current().wall_now();
  return {{"file", certificate.file},
          {"subject", certificate.subject},
          {"expires", time_text(certificate.expires)},
          {"days", std::chrono::duration_cast<std::chrono::hours>(left).count() / 24}};
}

template <class T>
Json views(const std::vector<T>& all) {
  Json array = Json::array();
  for (const T& one : all) array.push_back(view(one));
  return array;
}

Json view(const std::optional<queue::Counts>& counts) {
  if (!counts) return nullptr;
  return {{"ready", counts->ready},
          {"active", counts->active},
          {"deferred", counts->deferred},
          {"held", counts->held}};
}

Json view(const Status::Rates& rates) {
  return {{"accepted_per_minute", rates.accepted},
          {"delivered_per_minute", rates.delivered},
          {"deferred_per_minute", rates.deferred},
          {"bounced_per_minute", rates.bounced}};
}

Json view(const Status::Redis& redis) {
  return {{"kind", redis.kind},
          {"up", redis.trouble.empty()},
          {"trouble", redis.trouble},
          {"memory", redis.memory ? Json(*redis.memory) : Json(nullptr)},
          {"memory_limit", redis.memory_limit}};
}

}  // namespace

Task<Answer> show_status(const Services& services, const Call&) {
  const Status status = co_await services.server.status();
  co_return json_response({{"version", POSTERN_VERSION},
                           {"hostname", status.hostname},
                           {"started", time_text(status.started)},
                           {"ready", status.trouble.empty()},
                           {"trouble", status.trouble},
                           {"listeners", views(status.listeners)},
                           {"sessions", status.sessions},
                           {"queue", view(status.queue)},
                           {"rates", view(status.rates)},
                           {"redis", view(status.redis)},
                           {"certificates", views(status.certificates)}});
}

Task<Answer> reload(const Services& services, const Call&) { return services.server.reload(); }

}  // namespace postern::http
