// policy/authenticator.h: what every door asks of whoever checks logins.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <variant>

#include "core/async/task.h"
#include "core/net/address.h"
#include "policy/accounts.h"

namespace postern::policy {

/// A login name and its password, as a client gave them. Neither is empty, neither holds NUL.
struct Credentials {
  std::string user;
  std::string password;
};

/// A login name whose owner has been recognised without a password being shown.
struct Identity {
  std::string user;
};

/// What a client says who it is: a password that is still to be checked, or proven already.
using Claim = std::variant<Credentials, Identity>;

enum class AuthFailure : std::uint8_t {
  bad_credentials,  // unknown, disabled, wrong password, wrong scope: never told apart
  too_many,         // the address has used up its allowance of failed logins
  unavailable,      // the store of accounts is in trouble: try again later
};

/// Checks logins. The implementation counts the failures of an address over all protocols and
/// reserves its slot before it verifies; the hash work happens off the loop. Callable from any
/// loop; the answer comes on the caller's.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// The account of `user`, if the password is its own or one of its app passwords for `scope`.
  virtual Task<std::expected<Account, AuthFailure>> login(std::string user, std::string password,
                                                          Scope scope, net::Address peer) = 0;
  /// The account of somebody who is recognised already. Nobody is, unless the implementation knows
  /// better: who checks passwords alone must not let in by name.
  virtual Task<std::expected<Account, AuthFailure>> recognise(Identity identity, Scope scope,
                                                              net::Address peer);
  /// Whether a session that was begun with this credential (Account) may go on: asked before each
  /// command and each answer in IDLE. Cheap, callable from any loop.
  virtual bool is_live(const std::string& credential) const = 0;

  /// `login` or `recognise`, as the claim has it.
  Task<std::expected<Account, AuthFailure>> check(Claim claim, Scope scope, net::Address peer);
};

}  // namespace postern::policy
