// tests/unit/policy/sasl_test.cc: which SASL responses are read, and which are refused.
#include "policy/sasl.h"

#include <catch2/catch.hpp>

using namespace postern::policy;

TEST_CASE("PLAIN is read strictly") {
  struct Case {
    const char* base64;
    const char* user;  // null: refused
  };
  // clang-format off
  const auto [base64, user] = GENERATE(
      Case{"AGFubgBzZWNyZXQ=", "ann"},              // \0ann\0secret
      Case{"YW5uAGFubgBzZWNyZXQ=", "ann"},          // ann\0ann\0secret
      Case{"Ym9iAGFubgBzZWNyZXQ=", nullptr},        // bob\0ann\0secret: acting for another
      Case{"AGFubgBzZWNyZXR=", nullptr},            // not canonical: stray bits
      Case{"AGFubgBzZWNyZXQ", nullptr},             // padding missing
      Case{"AGFubgBzZWNyZXQ=\n", nullptr},
      Case{"AGFu bgBzZWNyZXQ=", nullptr},
      Case{"AGFubgBzZWNyZXQA", nullptr},            // a third NUL
      Case{"YW5uAHNlY3JldA==", nullptr},            // one NUL
      Case{"AGFubgA=", nullptr},                    // no password
      Case{"AABzZWNyZXQ=", nullptr},                // no name
      Case{"=", nullptr},
      Case{"====", nullptr},
      Case{"", nullptr});
  // clang-format on
  const auto credentials = parse_sasl_plain(base64);
  CHECK(credentials.has_value() == (user != nullptr));
  if (credentials && user != nullptr) {
    CHECK(credentials->user == user);
    CHECK(credentials->password == "secret");
  }
}

TEST_CASE("LOGIN answers are base64 of a text that is not empty and has no NUL") {
  CHECK(parse_sasl_login("YW5u") == "ann");
  CHECK_FALSE(parse_sasl_login("").has_value());
  CHECK_FALSE(parse_sasl_login("AAAA").has_value());
  CHECK_FALSE(parse_sasl_login("YW5").has_value());
  CHECK_FALSE(parse_sasl_login(std::string(8192, 'A')).has_value());
}
