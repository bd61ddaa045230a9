// relay/api/submission.h: hands a message that came over HTTP on to the intake.
#pragma once

#include <expected>
#include <functional>
#include <set>
#include <string>

#include "relay/api/message_request.h"
#include "relay/api/router.h"

namespace postern::http {

/// A message that is made of a request's body. Runs `make` where it may take its time, when the
/// body is large; 503 while there is no room for that.
Task<std::expected<Submission, Problem>> made_of(
    const Services& services, const Request& request,
    std::function<std::expected<Submission, Problem>()> make);

/// 202 with the id once the message is stored; 422 refused, 503 try again later, both with the
/// reply that SMTP would give. `own_addresses` (folded): what a program of this host may call
/// itself; none: anything.
Task<Answer> submit(const Services& services, const Call& call, Submission message,
                    std::set<std::string> own_addresses = {});

}  // namespace postern::http
