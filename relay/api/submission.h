// relay/api/submission.h: hands a message that came over HTTP on to the intake.
#pragma once

#include <set>
#include <string>

#include "relay/api/message_request.h"
#include "relay/api/router.h"

namespace postern::http {

/// 202 with the id once the message is stored; 422 refused, 503 try again later, both with the
/// reply that SMTP would give. `own_addresses` (folded): what a program of this host may call
/// itself; none: anything.
Task<Answer> submit(const Services& services, const Call& call, Submission message,
                    std::set<std::string> own_addresses = {});

}  // namespace postern::http
