// relay/api/refusal.h: what intake refuses, as a problem document.
#pragma once

#include "relay/http/message.h"
#include "relay/intake/outcome.h"

namespace postern::http {

/// 422 for good, 503 for now; `detail` is what SMTP would reply, `enhanced_status` its status code.
Problem as_problem(const relay::Refused& refused);

}  // namespace postern::http
