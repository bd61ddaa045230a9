// relay/api/refusal.cc: a refusal's status, title and details (RFC 9457).
#include "relay/api/refusal.h"

#include "relay/api/json_views.h"
#include "relay/smtp/outcomes.h"

namespace postern::http {

Response response_to(const relay::Refused& refused) {
  const int status = refused.is_permanent() ? 422 : 503;
  Response response =
      json_response({{"type", "about:blank"},
                     {"title", status == 422 ? "Message refused" : "Try again later"},
                     {"status", status},
                     {"detail", smtp::answer_to(refused).text()},
                     {"enhanced_status", refused.status.text()}},
                    status);
  response.content_type = "application/problem+json";
  return response;
}

}  // namespace postern::http
