// tests/unit/policy/sasl/mechanisms_test.cc: which mechanisms a connection is offered.
#include "policy/sasl/mechanisms.h"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace postern::policy;
using namespace postern::policy::sasl;

using Names = std::vector<std::string_view>;

TEST_CASE("SMTP and IMAP offer PLAIN and LOGIN, POP3 offers PLAIN") {
  CHECK(offered_names({.scope = Scope::smtp, .is_protected = true}) == Names{"PLAIN", "LOGIN"});
  CHECK(offered_names({.scope = Scope::imap, .is_protected = true}) == Names{"PLAIN", "LOGIN"});
  CHECK(offered_names({.scope = Scope::pop3, .is_protected = true}) == Names{"PLAIN"});
}

TEST_CASE("no mechanism that shows a password is offered where others may listen") {
  const Channel clear{.scope = Scope::imap};
  CHECK(offered_names(clear).empty());
  CHECK(find_offered("PLAIN", clear) == nullptr);
}

TEST_CASE("a mechanism is found by its name in any case, where it is offered") {
  const Channel pop3{.scope = Scope::pop3, .is_protected = true};
  REQUIRE(find_offered("plain", pop3) != nullptr);
  CHECK(find_offered("plain", pop3)->name == "PLAIN");
  CHECK(find_offered("LOGIN", pop3) == nullptr);
  CHECK(find_offered("PLAI", pop3) == nullptr);
  CHECK(find_offered("", pop3) == nullptr);
}

TEST_CASE("names of mechanisms are written as RFC 4422 demands, and each stands once") {
  Names seen;
  for (const Mechanism& mechanism : mechanisms()) {
    INFO(mechanism.name);
    CHECK(mechanism.name.size() <= 20);  // §3.1
    CHECK(mechanism.name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
          mechanism.name.npos);
    CHECK(std::ranges::find(seen, mechanism.name) == seen.end());
    seen.push_back(mechanism.name);
  }
}
