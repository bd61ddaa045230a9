// tests/unit/relay/http/route_pattern_test.cc: paths held against patterns.
#include "relay/http/route_pattern.h"

#include <catch2/catch.hpp>

using namespace postern;

TEST_CASE("a path is split before it is decoded: an encoded slash belongs to its segment") {
  CHECK(http::split_path("/v1/a%2Fb/c") == http::Segments{"v1", "a/b", "c"});
  CHECK(http::split_path("/") == http::Segments{""});
  CHECK_FALSE(http::split_path("/v1/a%4").has_value());
  CHECK_FALSE(http::split_path("/v1/a%zz").has_value());
}

TEST_CASE("a capture takes one segment that is not empty, decoded") {
  const auto captures = http::match("/v1/accounts/{address}/app-passwords/{label}",
                                    {"v1", "accounts", "ann@x", "app-passwords", "my phone"});
  REQUIRE(captures.has_value());
  CHECK((*captures)["address"] == "ann@x");
  CHECK((*captures)["label"] == "my phone");
  CHECK(captures->find("id") == nullptr);
  for (const auto& path : std::vector<http::Segments>{{"v1", "accounts"},
                                                      {"v1", "accounts", ""},
                                                      {"v1", "accounts", "a", "b"},
                                                      {"v1", "aliases", "a"}}) {
    CHECK_FALSE(http::match("/v1/accounts/{address}", path).has_value());
  }
}

TEST_CASE("all but captures stands for itself") {
  CHECK(http::match("/v1/status", {"v1", "status"}).has_value());
  CHECK_FALSE(http::match("/v1/status", {"v1", "Status"}).has_value());
  CHECK_FALSE(http::match("/v1/status", {"v1", "status", ""}).has_value());
}
