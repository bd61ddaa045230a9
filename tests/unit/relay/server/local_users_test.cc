// tests/unit/relay/server/local_users_test.cc: how many connections a user of this host may have.
#include "relay/server/local_users.h"

#include <catch2/catch.hpp>

TEST_CASE("a user has as many connections as an address would, and takes nobody else's") {
  postern::relay::LocalUsers users;
  auto first = users.admit(1000U, 2);
  const auto second = users.admit(1000U, 2);
  CHECK(first);
  CHECK(second);
  CHECK_FALSE(users.admit(1000U, 2));
  CHECK(users.admit(1001U, 2));
  CHECK(users.admit(std::nullopt, 2));
  first.reset();
  CHECK(users.admit(1000U, 2));
}
