// relay/smtp/outcomes.h: what intake decided, in the words of SMTP and LMTP.
#pragma once

#include "relay/intake/outcome.h"
#include "relay/smtp/reply.h"

namespace postern::smtp {

Answer answer_to(const relay::Refused& refused);
/// To the end of a message: for all its recipients, or by LMTP for one of them.
Answer answer_to(const relay::Acceptance& acceptance);

}  // namespace postern::smtp
