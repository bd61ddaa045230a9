// tests/unit/core/bounded_json_test.cc: JSON that is too much is refused while it is read.
#include "core/bounded_json.h"

#include <catch2/catch.hpp>

#include "core/sha256.h"

using namespace postern;

TEST_CASE("JSON within its bounds is what it is without them") {
  const std::string text = R"({"a":[1,-2,3.5,null,true,"x"],"b":{"c":{}},"a":2})";
  CHECK(parse_bounded_json(text, {.depth = 3, .values = 20}) == parse_json(text));
}

TEST_CASE("the first value over the bounds ends the reading") {
  CHECK(parse_bounded_json("[1,2,3]", {.depth = 1, .values = 4}));
  CHECK(parse_bounded_json("[1,2,3", {.depth = 1, .values = 3}).error() ==
        "has more than 3 values");
  CHECK(parse_bounded_json("[[", {.depth = 1, .values = 9}).error() ==
        "is nested more than 1 deep");
  CHECK(parse_bounded_json("[[],[],[]]", {.depth = 2, .values = 9}));
  CHECK(parse_bounded_json("[1,", {}).error() == "is not JSON");
  CHECK(parse_bounded_json("\"\xff\"", {}).error() == "is not JSON");
}

TEST_CASE("the digest of JSON is that of its text") {
  const Json json = {{"text", "caf\u00e9 \"x\" \n"}, {"list", {1, 2.5, nullptr, false}}, {"e", {}}};
  CHECK(sha256_of_json(json) == sha256(write_json(json)));
}
