// relay/api/probes.cc: for those who watch the gateway: metrics, alive, ready.
#include "core/metrics.h"
#include "relay/api/handlers.h"

namespace postern::http {

Task<Answer> show_metrics(const Services&, const Call&) {
  co_return Response{200, metrics::render(), "text/plain; version=0.0.4; charset=utf-8", {}};
}

Task<Answer> tell_alive(const Services&, const Call&) {
  co_return Response{200, "ok\n", "text/plain", {}};
}

Task<Answer> tell_ready(const Services& services, const Call&) {
  const std::string trouble = services.server.trouble();
  if (!trouble.empty()) co_return refused(503, "Not ready", trouble);
  co_return Response{200, "ready\n", "text/plain", {}};
}

}  // namespace postern::http
