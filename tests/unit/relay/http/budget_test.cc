// tests/unit/relay/http/budget_test.cc: what all share, and what one may have of it.
#include "relay/http/budget.h"

#include <catch2/catch.hpp>

using namespace postern::http;

TEST_CASE("nobody holds more than half, and all together no more than there is") {
  Budget budget(100);
  auto ann = budget.share_of("ann"), more = budget.share_of("ann"), bob = budget.share_of("bob");
  CHECK(ann.grow(40));
  CHECK_FALSE(more.grow(11));
  CHECK(more.grow(10));
  CHECK(bob.grow(50));
  CHECK_FALSE(budget.share_of("eve").grow(1));
  CHECK(budget.used() == 100);
}

TEST_CASE("what is given back can be had again, and who is alone gets what he needs") {
  Budget budget(100);
  {
    auto large = budget.share_of("ann");
    CHECK(large.grow(1000));
    CHECK_FALSE(budget.share_of("bob").grow(1));
    large.shrink_to(20);
    auto moved = std::move(large);
    CHECK(budget.used() == 20);
    CHECK(budget.share_of("bob").grow(50));
  }
  CHECK(budget.used() == 0);
}
