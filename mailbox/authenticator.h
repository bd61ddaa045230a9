// mailbox/authenticator.h: what IMAP and POP3 ask of whoever checks passwords.
#pragma once

#include <expected>
#include <string>

#include "core/async/task.h"
#include "core/net/address.h"
#include "policy/accounts.h"

namespace postern::mailbox {

enum class AuthFailure {
  bad_credentials,  // unknown, disabled, wrong password, wrong scope: never told apart
  too_many,         // the address has used up its allowance of failed logins
  unavailable,      // the store of accounts is in trouble: try again later
};

/// Checks logins. The implementation counts the failures of an address over all protocols and
/// reserves its slot before it verifies; the hash work happens off the loop.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  virtual Task<std::expected<policy::Account, AuthFailure>> login(std::string user,
                                                                  std::string password,
                                                                  policy::Scope scope,
                                                                  net::Address peer) = 0;
  /// Whether a session that was begun with this credential (policy::Account) may go on: asked
  /// before each command and each answer in IDLE. Cheap, callable from any loop.
  virtual bool is_live(const std::string& credential) const = 0;
};

}  // namespace postern::mailbox
