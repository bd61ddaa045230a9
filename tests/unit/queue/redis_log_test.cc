// tests/unit/queue/redis_log_test.cc: how lines of redis-server's log are told.
#include "queue/node/redis_log.h"

#include <catch2/catch.hpp>

using namespace postern::queue;

TEST_CASE("Redis's banner and its daily words are no warnings, its troubles are") {
  CHECK_FALSE(read_redis_line(""));
  CHECK_FALSE(read_redis_line(
      "7:C 28 Nov 2026 23:00:00.123 # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo"));
  const auto version =
      read_redis_line("7:C 28 Nov 2026 23:00:00.123 # Redis version=7.0.15, bits=64");
  REQUIRE(version);
  CHECK_FALSE(version->is_warning);
  CHECK(version->words == "Redis version=7.0.15, bits=64");
  CHECK_FALSE(
      read_redis_line("7:M 28 Nov 2026 23:00:00.123 * Ready to accept connections")->is_warning);
  CHECK_FALSE(read_redis_line("7:M 28 Nov 2026 23:00:00.123 # WARNING Memory overcommit must be on")
                  ->is_warning);
  CHECK(
      read_redis_line("7:M 28 Nov 2026 23:00:00.123 # Bad file format reading the append only file")
          ->is_warning);
  const auto other = read_redis_line("*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***");
  REQUIRE(other);
  CHECK(other->words == "*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***");
}
