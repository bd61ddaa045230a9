// tests/unit/policy/authenticator_test.cc: a claim reaches the check that it needs.
#include "policy/authenticator.h"

#include <catch2/catch.hpp>

#include "core/async/loop.h"

using namespace postern;
using namespace postern::policy;

namespace {

/// Takes every password of ann's for right.
class Trusting : public Authenticator {
 public:
  Task<std::expected<Account, AuthFailure>> login(std::string user, std::string, Scope,
                                                  net::Address) override {
    if (user != "ann") co_return std::unexpected(AuthFailure::bad_credentials);
    co_return Account{.id = "1", .address = *mail::EmailAddress::parse("ann@a.example")};
  }
  bool is_live(const std::string&) const override { return true; }
};

}  // namespace

TEST_CASE("who checks passwords alone lets in nobody by name") {
  Loop loop;
  Trusting logins;
  const auto check = [&](Claim claim) {
    return loop.run_until_done(
        logins.check(std::move(claim), Scope::imap, *net::Address::parse("127.0.0.1:1")));
  };
  CHECK(check(Credentials{"ann", "secret"})->id == "1");
  CHECK(check(Credentials{"bob", "secret"}).error() == AuthFailure::bad_credentials);
  CHECK(check(Identity{"ann"}).error() == AuthFailure::bad_credentials);
}
