// tests/unit/core/log_test.cc: a log line stays one line, whatever a peer says.
#include "core/log.h"

#include <catch2/catch.hpp>

using namespace postern::log;

TEST_CASE("a log line stays one line and one object, whatever a peer says") {
  const Fields fields{
      {"says", "a\r\n\"b\"\xff"}, {"count", 3}, {"ok", true}, {"host", "mx.example"}};
  CHECK(line(Level::info, Format::json, "said", fields) ==
        R"("level":"info","event":"said","says":"a\r\n\"b\")"
        "\xef\xbf\xbd"
        R"(","count":3,"ok":true,"host":"mx.example")");
  CHECK(line(Level::info, Format::text, "said", fields) == R"(said says="a\r\n\"b\")"
                                                           "\xef\xbf\xbd"
                                                           R"(" count=3 ok=true host=mx.example)");
}
