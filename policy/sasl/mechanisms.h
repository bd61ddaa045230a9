// policy/sasl/mechanisms.h: which SASL mechanisms there are, and where each is offered.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "policy/sasl/exchange.h"

namespace postern::policy::sasl {

/// A mechanism: a row of the table in mechanisms.cc.
struct Mechanism {
  std::string_view name;     // as registered, in capitals (RFC 4422 §3.1)
  std::string_view opening;  // what the server says first; nothing where the client speaks first
  unsigned scopes = 0;       // the protocols that offer it: a sum of Scope
  bool needs_protection = true;  // shows a password to who listens (RFC 4616 §4)
  std::unique_ptr<Exchange> (*start)(const Channel&) = nullptr;

  bool is_offered(const Channel& channel) const;
};

/// All of them, in the order in which capabilities name them.
std::span<const Mechanism> mechanisms();

/// By its name in any case (RFC 4422 §3.1). Null: there is none of it here.
const Mechanism* find_offered(std::string_view name, const Channel& channel);

/// The names that stand in SMTP's AUTH, POP3's SASL and, each behind "AUTH=", IMAP's CAPABILITY.
std::vector<std::string_view> offered_names(const Channel& channel);

}  // namespace postern::policy::sasl
