// tests/unit/policy/login_allowance_test.cc: who is refused after how many failures, and who never.
#include "policy/login_allowance.h"

#include <catch2/catch.hpp>

using namespace postern;
using policy::LoginAllowance;
using policy::LoginPlaces;
using Rank = FairPool::Rank;
using Refusal = LoginAllowance::Refusal;
using namespace std::chrono_literals;

namespace {

const std::string ann = "ann@office.example", bob = "bob@office.example";
const LoginAllowance::Time start{};

net::Address at(std::string_view ip) { return *net::Address::parse_ip(ip); }

/// How many of `tries` wrong passwords are looked at.
int looked_at(LoginAllowance& table, std::string_view ip, const std::string& login, int tries,
              LoginAllowance::Time now = start) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += table.attempt(at(ip), login, now).has_value();
  return count;
}

void log_in(LoginAllowance& table, std::string_view ip, const std::string& login) {
  table.attempt(at(ip), login, start)->succeeded();
}

}  // namespace

TEST_CASE("parallel guesses count before they are checked, and a success gives its slot back") {
  LoginAllowance table({.failures = 2, .window = 10min});
  const auto peer = at("192.0.2.1");
  {
    auto first = table.attempt(peer, ann, start), second = table.attempt(peer, bob, start);
    REQUIRE(second);
    CHECK(table.attempt(peer, "x@office.example", start).error() == Refusal::crowded);
    second->succeeded();
    auto third = table.attempt(peer, "y@office.example", start + 9min);
    CHECK(third);
  }
  CHECK(table.attempt(peer, "z@office.example", start + 9min).error() == Refusal::exhausted);
  CHECK(table.attempt(peer, "z@office.example", start + 10min));
}

TEST_CASE("what could not be checked is no failure") {
  LoginAllowance table({.failures = 1});
  for (int i = 0; i < 3; ++i) {
    auto attempt = table.attempt(at("192.0.2.1"), ann, start);
    REQUIRE(attempt);
    attempt->excuse();
  }
}

TEST_CASE("failures count by place, IPv6 by /64 and by /48") {
  LoginAllowance table({.failures = 3});
  CHECK(looked_at(table, "192.0.2.1", ann, 5) == 3);
  CHECK(looked_at(table, "192.0.2.2", bob, 5) == 3);
  CHECK(looked_at(table, "2001:db8::1", "a@office.example", 2) == 2);
  CHECK(looked_at(table, "2001:db8::ffff:2", "b@office.example", 5) == 1);
  int of_the_site = 3;
  for (int i = 1; i < 100; ++i)
    of_the_site += looked_at(table, "2001:db8:0:" + std::to_string(i) + "::1",
                             std::to_string(i) + "@office.example", 3);
  CHECK(of_the_site == 3 * LoginAllowance::site_factor);
  CHECK(looked_at(table, "2001:db8:1::1", "c@office.example", 1) == 1);
}

TEST_CASE("failures count by account, from wherever they come") {
  LoginAllowance table({.failures = 3});
  int count = 0;
  for (int i = 1; i < 100; ++i)
    count += looked_at(table, "192.0.2." + std::to_string(i), "Ann@office.example", 1);
  CHECK(count == 3 * LoginAllowance::account_factor);
  CHECK(looked_at(table, "198.51.100.1", ann, 1) == 0);
  CHECK(looked_at(table, "198.51.100.1", bob, 1) == 1);
}

TEST_CASE("an account is never refused unchecked where it has logged in before") {
  LoginAllowance table({.failures = 3});
  log_in(table, "192.0.2.1", ann);
  CHECK(looked_at(table, "192.0.2.1", bob, 5) == 3);
  for (int i = 0; i < 20; ++i) {
    auto attempt = table.attempt(at("192.0.2.1"), ann, start);
    REQUIRE(attempt);
    CHECK(attempt->is_past_limit() == (i >= 3));
    if (i < 3) continue;
    CHECK(attempt->turn().rank != Rank::familiar);
    // One at a time: the next one has to wait, and is not refused.
    CHECK(table.attempt(at("192.0.2.1"), ann, start).error() == Refusal::crowded);
  }
  CHECK(looked_at(table, "192.0.2.2", ann, 5) == 3);
}

TEST_CASE("familiar logins come first, and those who have failed last") {
  LoginAllowance table({.failures = 3});
  const auto rank = [&](std::string_view ip, const std::string& login) {
    auto attempt = table.attempt(at(ip), login, start);
    const Rank its = attempt->turn().rank;
    attempt->excuse();
    return its;
  };
  CHECK(rank("192.0.2.1", ann) == Rank::harmless);
  log_in(table, "192.0.2.1", ann);
  CHECK(rank("192.0.2.1", ann) == Rank::familiar);
  looked_at(table, "192.0.2.1", bob, 1);
  CHECK(rank("192.0.2.1", ann) == Rank::familiar);
  CHECK(rank("192.0.2.1", bob) == Rank::harmless);  // somebody has logged in from there
  looked_at(table, "192.0.2.2", bob, 1);
  CHECK(rank("192.0.2.2", bob) == Rank::doubtful);
}

TEST_CASE("a remembered password may be offered past the limits, but not for ever") {
  LoginAllowance table({.failures = 3});
  const auto stranger = at("192.0.2.1");
  CHECK(looked_at(table, "192.0.2.1", ann, 10) == 3);
  CHECK(table.may_recall(stranger, bob, start));
  looked_at(table, "192.0.2.1", ann, 3 * LoginAllowance::recall_factor);
  CHECK_FALSE(table.may_recall(stranger, bob, start));
  table.recalled(stranger, bob);
  CHECK(table.may_recall(stranger, bob, start));
}

TEST_CASE("the places of an account are bounded, and nobody's travels make others' forgotten") {
  LoginPlaces places;
  places.note("bob", "home");
  for (std::size_t i = 0; i <= LoginPlaces::most_places; ++i) {
    places.note("ann", "home");  // stays the latest but one
    places.note("ann", std::to_string(i));
  }
  CHECK(places.knows("ann", "home"));
  CHECK_FALSE(places.knows("ann", "0"));
  CHECK_FALSE(places.knows("0"));
  CHECK(places.knows("bob", "home"));
  CHECK_FALSE(places.knows("bob", "1"));
}
