// relay/api/refusal.cc: a refusal's status, title and details (RFC 9457).
#include "relay/api/refusal.h"

#include "relay/smtp/outcomes.h"

namespace postern::http {

Problem as_problem(const relay::Refused& refused) {
  const bool is_final = refused.is_permanent();
  return {.status = is_final ? 422 : 503,
          .title = is_final ? "Message refused" : "Try again later",
          .detail = smtp::answer_to(refused).text(),
          .members = {{"enhanced_status", refused.status.text()}}};
}

}  // namespace postern::http
