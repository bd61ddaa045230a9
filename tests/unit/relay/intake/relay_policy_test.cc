// tests/unit/relay/intake/relay_policy_test.cc: who may have mail carried where.
#include "relay/intake/relay_policy.h"

#include <catch2/catch.hpp>

using namespace postern;
using namespace postern::relay;

TEST_CASE("only local recipients, trusted peers and logins are served") {
  const auto recipient = *mail::EmailAddress::parse("x@c.example");
  const net::Network trusted[] = {*net::Network::parse("192.0.2.0/24")};
  const auto inside = *net::Address::parse("192.0.2.7:1000");
  const auto outside = *net::Address::parse("198.51.100.7:1000");
  const auto loopback = *net::Address::parse("127.0.0.1:1000");
  const auto decide = [&](const net::Address& peer, bool login, bool local, bool may_relay) {
    return decide_relay({recipient, peer, login, local, may_relay, trusted});
  };
  CHECK(decide(outside, false, true, true) == Carriage::local);
  CHECK(decide(outside, true, false, true) == Carriage::relayed_for_login);
  CHECK(decide(inside, false, false, true) == Carriage::relayed_for_network);
  CHECK(!decide(outside, false, false, true));
  CHECK(!decide(loopback, false, false, true));  // not even loopback, unless listed
  CHECK(!decide(inside, false, false, false));
}
