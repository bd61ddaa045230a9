// relay/accounts/admin_answer.h: how the operator's work on accounts and aliases is answered.
#pragma once

#include <string>

namespace postern::relay {

struct AdminAnswer {
  unsigned status = 200;
  std::string body;  ///< JSON; application/problem+json (RFC 9457) from 400 on
};

}  // namespace postern::relay
