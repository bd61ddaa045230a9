// relay/api/offline.h: the rows of the API that need no running gateway: accounts and aliases.
#pragma once

#include <string>
#include <string_view>

#include "policy/accounts.h"
#include "relay/accounts/local_domains.h"
#include "relay/http/message.h"

namespace postern::http {

/// Answers as the control socket would, for the command line while no gateway runs; 503 where one
/// is needed. `path` without its query, still percent-encoded. Blocking.
Response answer_offline(policy::Accounts& accounts, const relay::LocalDomains& domains,
                        std::string_view method, std::string_view path, std::string_view body);

}  // namespace postern::http
