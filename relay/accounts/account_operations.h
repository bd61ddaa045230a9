// relay/accounts/account_operations.h: what an operator can ask about accounts and aliases.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/json.h"
#include "policy/accounts.h"
#include "relay/accounts/admin_answer.h"
#include "relay/accounts/json_fields.h"
#include "relay/accounts/local_domains.h"

namespace postern::relay {

/// A request taken apart: "/v1/accounts/ann%40x/app-passwords/phone" → {"accounts", "ann@x", …}.
struct AdminRequest {
  policy::Accounts& accounts;
  const LocalDomains& domains;
  std::vector<std::string> segments;
  Json body;

  const std::string& segment(std::size_t index) const { return segments.at(index); }
};

/// What a request cannot do without is thrown, and answered with 422.
struct BadRequest {
  std::string text;
};

/// An error as RFC 9457 wants it.
AdminAnswer problem(unsigned status, std::string_view title, std::string_view detail);

/// A line of the table of operations.
struct AdminOperation {
  std::string_view method, path;      // "*" stands for one segment
  std::span<const JsonField> fields;  // of the body
  AdminAnswer (*handler)(const AdminRequest&);
};
std::span<const AdminOperation> admin_operations();

}  // namespace postern::relay
