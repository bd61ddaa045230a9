// tests/unit/queue/managed_redis_test.cc: our own redis-server, killed, orphaned, replaced.
#include "queue/node/managed_redis.h"

#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <csignal>
#include <cstdlib>

#include "core/async/task_group.h"
#include "tests/support/eventually.h"
#include "tests/unit/queue/folder.h"

using namespace postern;
using namespace postern::queue;
using namespace std::chrono_literals;

namespace {

std::string ask(Loop& loop, const redis::Url& url, redis::Arguments command) {
  redis::Connection connection(loop, url, {}, [](redis::Connection& fresh) -> Task<> {
    co_await fresh.call_in_greeting({"PING"});  // an error while it loads its file: once more
  });
  connection.start();
  const redis::Reply reply = loop.run_until_done(connection.call(std::move(command)));
  loop.run_until_done(connection.stop());
  return reply.kind == redis::Reply::Kind::array ? reply.at(1).text : reply.text;
}

}  // namespace

TEST_CASE("the managed Redis starts safe, in a session of its own, and ends with us") {
  Loop loop;
  const Folder folder;
  ManagedRedis managed(loop, {.data_dir = folder.path, .memory_limit = 100 << 20});
  loop.run_until_done(managed.start());
  const int pid = managed.pid();
  CHECK(getsid(pid) == pid);
  CHECK(ask(loop, managed.url(), {"CONFIG", "GET", "appendfsync"}) == "always");
  CHECK(ask(loop, managed.url(), {"CONFIG", "GET", "maxmemory"}) == std::to_string(100 << 20));
  loop.run_until_done(managed.stop());
  CHECK(::kill(pid, 0) != 0);
}

TEST_CASE("a start of the managed Redis that is broken off leaves nothing behind") {
  Loop loop;
  const Folder folder;
  ManagedRedis managed(loop, {.data_dir = folder.path});
  int pid = 0;
  const auto break_off = [](ManagedRedis& redis, int& started) -> Task<> {
    TaskGroup group;
    group.spawn(redis.start());
    co_await test::eventually("it is started", [&] { return (started = redis.pid()) != 0; });
    co_await group.close();
    co_await redis.stop();
  };
  loop.run_until_done(break_off(managed, pid));
  CHECK(::kill(pid, 0) != 0);
}

TEST_CASE("the managed Redis is started again when it is killed, with what it had") {
  Loop loop;
  const Folder folder;
  ManagedRedis managed(loop, {.data_dir = folder.path});
  loop.run_until_done(managed.start());
  ask(loop, managed.url(), {"SET", "a", "kept"});
  loop.run_until_done(managed.set_memory_limit(50 << 20));
  CHECK(ask(loop, managed.url(), {"CONFIG", "GET", "maxmemory"}) == std::to_string(50 << 20));
  const int pid = managed.pid();
  ::kill(pid, SIGKILL);
  loop.run_until_done(test::eventually("another is started",
                                       [&] { return managed.pid() != 0 && managed.pid() != pid; }));
  CHECK(managed.pid() != 0);
  CHECK(managed.pid() != pid);
  CHECK(ask(loop, managed.url(), {"GET", "a"}) == "kept");
  CHECK(ask(loop, managed.url(), {"CONFIG", "GET", "maxmemory"}) == std::to_string(50 << 20));
  loop.run_until_done(managed.stop());
}

TEST_CASE("a gateway that dies, for the next test", "[.dying_gateway]") {
  const char* const folder = std::getenv("POSTERN_DYING_GATEWAY");
  REQUIRE(folder != nullptr);
  Loop loop;
  ManagedRedis managed(loop, {.data_dir = folder});
  loop.run_until_done(managed.start());
  ask(loop, managed.url(), {"SET", "a", "kept"});
  ::kill(getpid(), SIGKILL);  // its Redis goes on, and holds the lock
}

TEST_CASE("a redis-server left over from a killed gateway is ended and replaced") {
  const Folder folder;
  ::setenv("POSTERN_DYING_GATEWAY", folder.path.c_str(), 1);
  const pid_t gateway = fork();
  if (gateway == 0) {
    // A program anew: behind a fork the locks of other threads stay locked for ever.
    ::execl("/proc/self/exe", "unit_queue", "[dying_gateway]", nullptr);
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(gateway, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  Loop loop;
  ManagedRedis managed(loop, {.data_dir = folder.path});
  loop.run_until_done(managed.start());
  CHECK(ask(loop, managed.url(), {"GET", "a"}) == "kept");
  loop.run_until_done(managed.stop());
}

TEST_CASE("a data_dir whose socket would be longer than a socket's name may be works") {
  Loop loop;
  const Folder folder;
  const auto deep = folder.path / std::string(60, 'a') / std::string(60, 'b');
  std::filesystem::create_directories(deep);
  ManagedRedis managed(loop, {.data_dir = deep});
  loop.run_until_done(managed.start());
  CHECK(managed.url().socket.size() <= 107);
  ask(loop, managed.url(), {"PING"});
  loop.run_until_done(managed.stop());
}

TEST_CASE("a redis-server that is not there is a plain error") {
  Loop loop;
  const Folder folder;
  ManagedRedis managed(loop, {.data_dir = folder.path, .program = "no-such-redis-server"});
  CHECK_THROWS_AS(loop.run_until_done(managed.start()), IoError);
  loop.run_until_done(managed.stop());
}
