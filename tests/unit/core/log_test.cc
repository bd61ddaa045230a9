// tests/unit/core/log_test.cc: a log line stays one line, whatever a peer says.
#include "core/log.h"

#include <spdlog/logger.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "core/log_sink.h"

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

TEST_CASE("lines are gathered, a warning is written at once, and the end loses none") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const auto read_all = [&] {
    char buffer[1000];
    const auto count = ::read(ends[0], buffer, sizeof buffer);
    return std::string(buffer, count > 0 ? static_cast<std::size_t>(count) : 0);
  };
  {
    spdlog::logger logger("test", std::make_shared<GatheringSink>(ends[1]));
    logger.set_pattern("%v");
    logger.info("one");
    CHECK(read_all() == "one\n");  // comes by itself
    logger.warn("two");
    CHECK(read_all() == "two\n");
    logger.info("three");
  }
  CHECK(read_all() == "three\n");
  ::close(ends[0]);
  ::close(ends[1]);
}
