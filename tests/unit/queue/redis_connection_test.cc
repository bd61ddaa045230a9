// tests/unit/queue/redis_connection_test.cc: the connection over a real redis-server.
#include <catch2/catch.hpp>

#include "core/async/task_group.h"
#include "core/redis/connection.h"
#include "tests/unit/queue/redis_server.h"

using namespace postern;
using namespace postern::redis;

namespace {

const Script count_up("return redis.call('INCR', 'x')");

Task<> count_into(Connection* connection, Haste haste, std::int64_t* result) {
  *result = (co_await connection->run(count_up, {}, haste)).integer();
}

}  // namespace

TEST_CASE("a command that can wait leaves behind one that cannot, or by itself when none comes") {
  RedisServer server;
  Loop loop;
  Connection connection(loop, server.url(), {&count_up});
  connection.start();
  loop.run_until_done([](Connection* c) -> Task<> {
    std::int64_t first = 0, patient = 0, hasty = 0;
    co_await count_into(c, Haste::now, &first);  // the connection is up
    TaskGroup group;
    group.spawn(count_into(c, Haste::soon, &patient));
    group.spawn(count_into(c, Haste::now, &hasty));
    co_await group.join();
    CHECK(first == 1);
    CHECK(hasty == 2);
    CHECK(patient == 3);
    co_await count_into(c, Haste::soon, &patient);
    CHECK(patient == 4);
    co_await c->stop();
  }(&connection));
}
