// relay/accounts/account_operations.h: what an operator can ask about accounts and aliases; used by
// the server (control socket, HTTP) and by the command line while no server runs.
#pragma once

#include <array>

#include "core/json.h"
#include "policy/accounts.h"
#include "relay/accounts/local_domains.h"
#include "relay/http/json_fields.h"
#include "relay/http/message.h"
#include "relay/http/route_pattern.h"

namespace postern::relay {

/// A request to one of the functions below. It borrows: what it names outlives the call.
struct AccountRequest {
  const LocalDomains& domains;
  const http::Captures& captures;  ///< of the row's pattern: address, label, from
  const Json& body;                ///< an object that holds the row's fields, or none of them
};

/// Blocking (password hashes, SQLite): call in offload. Throws IoError when the database is in
/// trouble. An address or a value that cannot be is 422, what is not there 404, what is there
/// already 409.
using AccountHandler = http::Answer (*)(policy::Accounts&, const AccountRequest&);

// Their rows stand in relay/api/routes.cc.
http::Answer list_accounts(policy::Accounts&, const AccountRequest&);
http::Answer add_account(policy::Accounts&, const AccountRequest&);
http::Answer show_account(policy::Accounts&, const AccountRequest&);
http::Answer remove_account(policy::Accounts&, const AccountRequest&);
http::Answer set_password(policy::Accounts&, const AccountRequest&);
http::Answer disable_account(policy::Accounts&, const AccountRequest&);
http::Answer enable_account(policy::Accounts&, const AccountRequest&);
http::Answer list_app_passwords(policy::Accounts&, const AccountRequest&);
http::Answer add_app_password(policy::Accounts&, const AccountRequest&);
http::Answer revoke_app_password(policy::Accounts&, const AccountRequest&);
http::Answer list_aliases(policy::Accounts&, const AccountRequest&);
http::Answer add_alias(policy::Accounts&, const AccountRequest&);
http::Answer remove_alias(policy::Accounts&, const AccountRequest&);

// clang-format off
inline constexpr std::array account_fields{
    http::JsonField{"address",  http::JsonKind::text},
    http::JsonField{"password", http::JsonKind::text},
    http::JsonField{"quota",    http::JsonKind::number},
    http::JsonField{"operator", http::JsonKind::truth},
};
inline constexpr std::array password_fields{http::JsonField{"password", http::JsonKind::text}};
inline constexpr std::array removal_fields{http::JsonField{"purge", http::JsonKind::truth}};
inline constexpr std::array app_password_fields{
    http::JsonField{"label", http::JsonKind::text},
    http::JsonField{"scope", http::JsonKind::text},
};
inline constexpr std::array alias_fields{
    http::JsonField{"from", http::JsonKind::text},
    http::JsonField{"to",   http::JsonKind::texts},
};
// clang-format on

}  // namespace postern::relay
