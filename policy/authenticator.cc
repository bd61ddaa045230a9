// policy/authenticator.cc: which check a claim needs.
#include "policy/authenticator.h"

#include <utility>

namespace postern::policy {

Task<std::expected<Account, AuthFailure>> Authenticator::recognise(Identity, Scope, net::Address) {
  co_return std::unexpected(AuthFailure::bad_credentials);
}

Task<std::expected<Account, AuthFailure>> Authenticator::check(Claim claim, Scope scope,
                                                               net::Address peer) {
  if (auto* identity = std::get_if<Identity>(&claim)) {
    co_return co_await recognise(std::move(*identity), scope, std::move(peer));
  }
  auto [user, password] = std::get<Credentials>(std::move(claim));
  co_return co_await login(std::move(user), std::move(password), scope, std::move(peer));
}

}  // namespace postern::policy
