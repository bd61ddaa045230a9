// tests/unit/queue/durability_test.cc: what must not be lost, held or thrown away while something
// is in doubt: an answer, the queue, the spool, the clock.
#include <fstream>

#include "queue/spool/identity.h"
#include "queue/spool/spool.h"
#include "queue/store/settings_check.h"
#include "queue/store/verbs.h"
#include "tests/unit/queue/queue_bench.h"

using namespace postern;
using namespace postern::queue;
using namespace std::chrono_literals;

namespace {

NewMessage with_key(std::string key) {
  NewMessage made = message({to("bob@a.example")});
  made.idempotency_key = std::move(key);
  return made;
}

/// What the worker says when it has found out that the answer was lost.
void abandon(Bench& bench, QueueId id) { bench.say({"EVAL", verbs().abandon.text, "0", text(id)}); }

}  // namespace

TEST_CASE("a message that a duplicate was told of is not abandoned, and is tried") {
  Bench bench;
  bench.start();
  const bool by_look_up = GENERATE(true, false);
  NewMessage first = with_key("order 7"), second = with_key("order 7");
  bench.commit(first);  // its answer never came
  if (by_look_up) {
    CHECK(bench.run(bench.queue().find_by_key("acc1", "order 7")) == first.id);
  } else {
    CHECK(bench.run(bench.queue().commit(second)).error() == CommitError::duplicate);
  }
  abandon(bench, first.id);
  abandon(bench, first.id);  // that answer was lost, too
  const auto leases = bench.run(bench.queue().claim(10));
  REQUIRE(leases.size() == 1);
  CHECK(leases[0].id == first.id);
  abandon(bench, first.id);
  CHECK(bench.run(bench.queue().settle(leases[0], delivered())).ours);
}

TEST_CASE("an abandoned message is told to nobody, also while another's try goes on") {
  Bench bench;
  bench.start();
  NewMessage first = with_key("order 7"), second = with_key("order 7");
  bench.commit(first, false);
  const auto leases = bench.run(bench.queue().claim(10));
  REQUIRE(leases.size() == 1);
  abandon(bench, first.id);
  CHECK_FALSE(bench.run(bench.queue().find_by_key("acc1", "order 7")));
  CHECK(bench.commit(second).size() == 1);
  CHECK(bench.run(bench.queue().settle(leases[0], deferred(0ms))).ours);
  CHECK(bench.run(bench.queue().find_by_key("acc1", "order 7")) == second.id);
  CHECK(bench.run(bench.queue().counts()).messages == 1);
}

TEST_CASE("what one worker finds unsafe stops all of the process, until it is safe") {
  Bench bench;
  bench.start();
  Queue second(bench.loop, bench.worker->node, bench.worker->pool,
               {.redis = bench.server.url(), .spool = bench.data.path / "spool", .worker = 1});
  bench.run(second.start(5s));
  bench.say({"CONFIG", "SET", "appendfsync", "everysec"});
  bench.run(bench.queue().check_settings());
  CHECK_THROWS_AS(bench.run(second.commit(message({to("bob@a.example")}))), QueueRefused);
  CHECK(second.trouble().find("appendfsync is everysec") != std::string::npos);
  bench.say({"CONFIG", "SET", "appendfsync", "always"});
  bench.run(bench.queue().check_settings());
  CHECK(bench.run(second.commit(message({to("bob@a.example")}))).has_value());
  bench.run(second.stop());
}

TEST_CASE("replicas that are gone are a reason to stop, as a setting is") {
  const RedisSettings settings{{"min-replicas-to-write", "1"}};
  CHECK(missing_replicas(settings, 1).empty());
  CHECK(missing_replicas(settings, 0).find("of its replicas 0 answer") != std::string::npos);
  CHECK(missing_replicas({{"min-replicas-to-write", "0"}}, 0).empty());
}

TEST_CASE("a Redis that is emptied while it is connected is noticed, and takes nothing") {
  Bench bench;
  bench.start();
  bench.say({"FLUSHALL"});
  SECTION("by a commit") {
    CHECK_THROWS_AS(bench.run(bench.queue().commit(message({to("bob@a.example")}))), IoError);
  }
  SECTION("by a heartbeat") { CHECK_THROWS_AS(bench.run(bench.queue().beat(false)), IoError); }
  bench.until("it says so",
              [&] { return bench.queue().trouble().find("lost the queue") != std::string::npos; });
  CHECK_THROWS_AS(bench.run(bench.queue().commit(message({to("bob@a.example")}))), QueueRefused);
}

TEST_CASE("nothing is swept by the word of a Redis that is not the one we know") {
  Bench bench;
  bench.start();
  bench.commit(message({to("bob@a.example")}, std::string(300'000, 'x')));
  CHECK(bench.files() == 1);
  bench.say({"FLUSHALL"});
  CHECK_THROWS_AS(bench.run(bench.queue().sweep_spool(0s)), IoError);
  bench.until("it says so", [&] { return !bench.queue().trouble().empty(); });
  CHECK_THROWS_AS(bench.run(bench.queue().sweep_spool(0s)), IoError);
  CHECK(bench.files() == 1);
}

TEST_CASE("what is swept lies in the trash for a week") {
  Bench bench;
  bench.start();
  const std::filesystem::path spool = bench.data.path / "spool";
  SpoolWriter writer(spool, QueueId{7}, "other.boot");
  writer.write("lost");
  const std::string name = writer.finish().file().filename();
  CHECK(bench.run(bench.queue().sweep_spool(0s)) == 1);
  REQUIRE(std::filesystem::exists(trash_of(spool) / name));
  CHECK(bench.run(bench.queue().sweep_spool(0s)) == 0);
  REQUIRE(std::filesystem::exists(trash_of(spool) / name));
  std::filesystem::last_write_time(trash_of(spool) / name,
                                   std::filesystem::file_time_type::clock::now() - 24h * 7 - 1min);
  bench.run(bench.queue().sweep_spool(0s));
  CHECK_FALSE(std::filesystem::exists(trash_of(spool) / name));
}

TEST_CASE("in another folder than its spool a queue holds nothing, writes nothing, and says so") {
  Bench bench;
  bench.start();
  const std::string large(300'000, 'x');
  const auto leases = bench.commit(message({to("bob@a.example")}, large));
  CHECK(bench.run(bench.queue().settle(leases[0], deferred(0ms))).ours);
  const std::filesystem::path spool = bench.data.path / "spool", away = bench.data.path / "away";
  std::filesystem::rename(spool, away);
  std::filesystem::create_directory(spool);  // as when nothing is mounted

  const auto again = bench.claim_when_due(bench.queue());
  Settlement missing = deferred(0ms);
  missing.hold = true;
  CHECK(bench.run(bench.queue().settle(again[0], missing)).ours);
  const auto row = bench.run(bench.queue().show(again[0].id));
  CHECK(row->deliveries[0].state == State::deferred);
  CHECK(row->deliveries[0].attempts == 1);
  CHECK_THROWS_AS(bench.run(bench.queue().commit(message({to("bob@a.example")}, large))), IoError);
  CHECK(bench.files() == 0);
  bench.run(bench.queue().check_spool());
  CHECK(bench.queue().trouble().find("is not the spool of this queue") != std::string::npos);
  bench.commit(message({to("bob@a.example")}));  // it needs no spool

  std::filesystem::remove(spool);
  std::filesystem::rename(away, spool);
  bench.run(bench.queue().check_spool());
  CHECK(bench.queue().trouble().empty());
  bench.commit(message({to("bob@a.example")}, large));
}

TEST_CASE("a node with a folder of its own beside the shared spool says so") {
  Bench bench;
  bench.start();
  Folder other_data;
  Worker other(bench.loop, other_data.path, bench.server.url(), bench.facts);
  bench.run(other.queue.start(5s));
  CHECK(other.queue.trouble().find("is not the spool of this queue") != std::string::npos);
  CHECK(bench.queue().trouble().empty());
  // The operator says that it is, in the words of the message.
  std::filesystem::create_directories(other_data.path / "spool");
  std::ofstream(other_data.path / "spool/.identity")
      << spool_identity(bench.data.path / "spool") << "\n";
  bench.run(other.queue.check_spool());
  CHECK(other.queue.trouble().empty());
  bench.run(other.queue.stop());
}

TEST_CASE(
    "a step of Redis's clock makes nothing older by more than a minute, and nothing younger") {
  Bench bench;
  bench.start();
  const std::int64_t days = std::chrono::milliseconds(6 * 24h).count();
  const auto step = [&](std::int64_t by) {  // as if TIME had made it
    bench.say({"HINCRBY", "q:clock", "offset", std::to_string(by)});
  };
  const WallTime begin = bench.run(bench.queue().beat(false)).now;
  const auto leases = bench.commit(message({to("bob@a.example")}));
  CHECK(bench.run(bench.queue().settle(leases[0], deferred(0ms))).ours);
  step(days);
  const auto again = bench.claim_when_due(bench.queue());
  CHECK(again[0].age < 2min);  // before any heartbeat has seen the step
  const WallTime after = bench.run(bench.queue().beat(false)).now;
  CHECK(after - begin < 2min);
  step(-days);
  CHECK(bench.run(bench.queue().settle(again[0], deferred(0ms))).ours);
  CHECK(bench.claim_when_due(bench.queue())[0].age < 2min);
  const WallTime back = bench.run(bench.queue().beat(false)).now;
  CHECK(back >= after);
  CHECK(back - begin < 2min);
}

TEST_CASE("a commit that waits for the connection leaves with that connection's generation") {
  Bench bench;
  bench.start();
  bench.server.kill();
  const auto commit_and_start = [](Bench& b) -> Task<bool> {
    b.loop.post([&b] { b.server.start(); });
    co_await test::eventually("it is noticed", [&b] { return !b.queue().trouble().empty(); });
    const auto leases = co_await b.queue().commit(message({to("bob@a.example")}));
    co_return leases.has_value();
  };
  CHECK(bench.run(commit_and_start(bench)));
}

TEST_CASE("what waits for a dead host is due when that takes other mail") {
  Bench bench;
  bench.start();
  for (int i = 0; i < 2; ++i) {
    const auto leases = bench.commit(message({to("bob@a.example")}));
    Settlement dead = deferred(1h);
    dead.unreached = true;
    dead.counts = i == 0;  // the other was not tried
    CHECK(bench.run(bench.queue().settle(leases[0], dead)).ours);
    const auto row = bench.run(bench.queue().show(leases[0].id));
    CHECK(row->deliveries[0].attempts == (i == 0 ? 1 : 0));
  }
  const auto greylisted = bench.commit(message({to("bob@a.example")}));
  CHECK(bench.run(bench.queue().settle(greylisted[0], deferred(1h))).ours);
  const auto other_host = bench.commit(message({to("bob@b.example")}));
  CHECK(bench.run(bench.queue().settle(other_host[0], delivered())).ours);
  CHECK(bench.run(bench.queue().claim(10)).empty());
  const auto leases = bench.commit(message({to("bob@a.example")}));
  CHECK(bench.run(bench.queue().settle(leases[0], delivered())).ours);
  CHECK(bench.run(bench.queue().claim(10)).size() == 2);
  CHECK(bench.run(bench.queue().counts()).deferred == 1);
  CHECK(bench.say({"EXISTS", "q:off:|mx:a.example"}).integer() == 0);
}

TEST_CASE("a fresh commit does not overtake what has waited for a second") {
  Bench bench;
  bench.start();
  NewMessage first = message({to("bob@a.example")});
  bench.commit(first, false);
  CHECK(bench.commit(message({to("bob@a.example")})).size() == 1);  // a moment is no backlog
  bench.say({"ZINCRBY", "q:lane:|mx:a.example", "-1500", text(first.id) + ":0"});
  CHECK(bench.commit(message({to("bob@a.example")})).empty());
  CHECK(bench.commit(message({to("bob@b.example")})).size() == 1);
  CHECK(bench.run(bench.queue().claim(1))[0].id == first.id);
}

TEST_CASE("history gives way as fast as it grows when memory is short") {
  Bench bench;
  bench.start();
  const auto finish_one = [&] {
    const auto leases = bench.commit(message({to("bob@a.example")}));
    CHECK(bench.run(bench.queue().settle(leases[0], delivered())).ours);
  };
  const auto kept = [&] { return bench.say({"ZCARD", "q:done"}).integer(); };
  for (int i = 0; i < 30; ++i) finish_one();
  CHECK(kept() == 30);
  CHECK(bench.run(bench.queue().trim_history()) == 30);
  CHECK(kept() == 0);
  for (int i = 0; i < 30; ++i) finish_one();
  bench.say({"HSET", "q:clock", "short", "1"});
  finish_one();
  CHECK(kept() == 11);
}

TEST_CASE("a twin with a copied name lives: what it leased stays with it while its counter moves") {
  Bench bench;
  bench.start();
  const auto leases = bench.commit(message({to("bob@a.example")}));
  Folder copy;
  std::filesystem::copy_file(bench.data.path / "node", copy.path / "node");
  Worker twin(bench.loop, copy.path, bench.server.url(), bench.facts);
  REQUIRE(twin.node.name() == bench.worker->node.name());
  bench.run(twin.queue.start(5s));
  CHECK(bench.run(twin.queue.claim(10)).empty());
  CHECK(bench.run(bench.queue().settle(leases[0], delivered())).ours);
  bench.run(twin.queue.stop());
}
