// tests/unit/policy/sasl/password_mechanisms_test.cc: which responses PLAIN and LOGIN read, and
// which they refuse.
#include <catch2/catch.hpp>

#include "policy/sasl/dialogue.h"

using namespace postern::policy;
using namespace postern::policy::sasl;

namespace {

const Channel channel{.scope = Scope::imap, .is_protected = true};

Dialogue dialogue(std::string_view mechanism) {
  return Dialogue(*find_offered(mechanism, channel), channel);
}

/// How PLAIN ends that begins with this response.
Turn plain(std::string_view base64) { return dialogue("PLAIN").begin(base64); }

/// How LOGIN goes on after this name.
Turn login_name(std::string_view base64) { return dialogue("LOGIN").begin(base64); }

/// How LOGIN ends after the name "ann" and this password.
Turn login_password(std::string_view base64) {
  Dialogue login = dialogue("LOGIN");
  REQUIRE(std::holds_alternative<ChallengeLine>(login.begin("YW5u")));
  return login.answer(base64);
}

std::optional<Credentials> credentials(const Turn& turn) {
  const auto* claim = std::get_if<Claim>(&turn);
  if (claim == nullptr) return std::nullopt;
  return std::get<Credentials>(*claim);
}

Why why(const Turn& turn) { return std::get<Failure>(turn).why; }

}  // namespace

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
  const auto given = credentials(plain(base64));
  CHECK(given.has_value() == (user != nullptr));
  if (given && user != nullptr) {
    CHECK(given->user == user);
    CHECK(given->password == "secret");
  }
}

TEST_CASE("PLAIN says what was wrong with its response") {
  CHECK(why(plain("Ym9iAGFubgBzZWNyZXQ=")) == Why::acts_for_another);
  CHECK(why(plain("QW5uAGFubgBzZWNyZXQ=")) == Why::acts_for_another);  // Ann\0ann\0secret
  CHECK(why(plain("AGFubgBzZWNyZXR=")) == Why::not_base64);
  CHECK(why(plain("AGFubgBzZWNyZXQA")) == Why::malformed);
  CHECK(why(plain("=")) == Why::malformed);
  CHECK(why(plain(std::string(response_limit + 4, 'A'))) == Why::too_long);
}

TEST_CASE("a password keeps its blanks, its colons and its octets past ASCII") {
  CHECK(credentials(plain("AGFubgAgYTpiIMOkIA=="))->password == " a:b \xc3\xa4 ");
  CHECK(credentials(login_password("IGE6YiDDpCA="))->password == " a:b \xc3\xa4 ");
}

TEST_CASE("LOGIN answers are base64 of a text that is not empty and has no NUL") {
  CHECK(credentials(login_password("YW5u"))->password == "ann");
  CHECK(credentials(login_password("YW5u"))->user == "ann");
  for (const auto take : {login_name, login_password}) {
    CHECK(why(take("")) == Why::malformed);
    CHECK(why(take("=")) == Why::malformed);
    CHECK(why(take("AAAA")) == Why::malformed);
    CHECK(why(take("YW5uAA==")) == Why::malformed);
    CHECK(why(take("YW5")) == Why::not_base64);
    CHECK(why(take(std::string(8192, 'A'))) == Why::too_long);
  }
}

TEST_CASE("LOGIN asks in the words that old clients compare, and takes a name that comes early") {
  Dialogue login = dialogue("login");
  CHECK(std::get<ChallengeLine>(login.begin({})).base64 == "VXNlcm5hbWU6");
  CHECK(std::get<ChallengeLine>(login.answer("YW5u")).base64 == "UGFzc3dvcmQ6");
  CHECK(credentials(login.answer("c2VjcmV0"))->password == "secret");
  CHECK(std::get<ChallengeLine>(login_name("YW5u")).base64 == "UGFzc3dvcmQ6");
}
