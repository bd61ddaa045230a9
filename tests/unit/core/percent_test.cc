// Percent-encoding, RFC 3986 §2.1.
#include <catch2/catch.hpp>

#include "core/percent.h"

using namespace postern;

TEST_CASE("everything but unreserved characters is percent-encoded") {
  CHECK(percent_encode("ann+x@office.example") == "ann%2Bx%40office.example");
  CHECK(percent_encode("a/b?c\r\n") == "a%2Fb%3Fc%0D%0A");
  CHECK(percent_encode("Aa9-._~") == "Aa9-._~");
  CHECK(percent_encode("\xc3\xa9") == "%C3%A9");
}

TEST_CASE("what was percent-encoded is decoded, in either case") {
  CHECK(percent_decode("ann%2Bx%40office.example") == "ann+x@office.example");
  CHECK(percent_decode("%c3%A9") == "\xc3\xa9");
  CHECK(percent_decode("") == "");
}

TEST_CASE("a % without two hexadecimal digits is refused") {
  for (const char* bad : {"%", "a%2", "%zz", "%2z", "100%", "%%41"}) {
    CAPTURE(bad);
    CHECK(percent_decode(bad) == std::nullopt);
  }
}
