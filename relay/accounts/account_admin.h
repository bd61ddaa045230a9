// relay/accounts/account_admin.h: the operator's work on accounts and aliases, JSON in and JSON
// out; used by the server (control socket, HTTP) and by the command line while no server runs.
#pragma once

#include <string>
#include <string_view>

#include "policy/accounts.h"
#include "relay/accounts/admin_answer.h"
#include "relay/accounts/local_domains.h"

namespace postern::relay {

struct Config;

/// As `[domain."…"]` and `hostname` say.
LocalDomains local_domains(const Config& config);

/// Does the path belong here? "/v1/accounts…" or "/v1/aliases…".
bool is_account_path(std::string_view path);

/// The methods that such a path knows, as an Allow field lists them; empty: there is no such path.
std::string methods_of_account_path(std::string_view path);

/// Obeys docs/control-api.md. `path` without its query, still percent-encoded. Blocking (hashing,
/// SQLite): call in offload.
AdminAnswer administer(policy::Accounts& accounts, const LocalDomains& domains,
                       std::string_view method, std::string_view path, std::string_view body);

}  // namespace postern::relay
