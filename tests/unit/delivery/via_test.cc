// tests/unit/delivery/via_test.cc: what a route may say in `via`.
#include "delivery/route/via.h"

#include <catch2/catch.hpp>

using namespace postern;

TEST_CASE("a via is taken apart") {
  const auto via = delivery::Via::parse("submission://ann@office.example@Relay.example");
  REQUIRE(via);
  CHECK(via->user == "ann@office.example");
  CHECK(via->host == "relay.example");
  CHECK(via->port == 587);
  CHECK(delivery::Via::parse("lmtp://[::1]:2424")->host == "::1");
  CHECK(delivery::Via::parse("lmtp://[::1]:2424")->port == 2424);
  CHECK(delivery::Via::parse("lmtp+unix:///run/dovecot/lmtp")->path == "/run/dovecot/lmtp");
  for (const char* wrong : {"", "http://x", "smtp://", "smtp://h:0", "smtp://h:x", "smtp://h:99999",
                            "smtp://h:25/x", "smtp://[1.2.3.4]", "lmtp+unix://x"}) {
    CHECK_FALSE(delivery::Via::parse(wrong));
  }
}
