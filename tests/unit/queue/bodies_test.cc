// tests/unit/queue/bodies_test.cc: where the bodies of messages lie.
#include <fstream>

#include "core/async/task_group.h"
#include "queue/node/heartbeat.h"
#include "queue/spool/spool.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/queue/queue_bench.h"

using namespace postern;
using namespace postern::queue;
using namespace std::chrono_literals;

TEST_CASE("a large body lies in the spool until its message has left") {
  Bench bench;
  bench.start();
  std::string bytes(300'000, 'y');
  const auto leases = bench.commit(message({to("bob@a.example")}, bytes));
  CHECK(leases[0].body.is_in_memory());
  CHECK_FALSE(std::filesystem::is_empty(bench.data.path / "spool"));
  CHECK(bench.run(bench.queue().settle(leases[0], deferred(0ms))).ours);
  const auto again = bench.run(bench.queue().claim(1));
  REQUIRE(again.size() == 1);
  CHECK(again[0].body.is_in_spool());
  CHECK(again[0].body.read() == bytes);
  CHECK(bench.run(bench.queue().body(again[0].id))->read() == bytes);
  CHECK(bench.run(bench.queue().sweep_spool(0s)) == 0);
  CHECK(bench.run(bench.queue().settle(again[0], delivered())).ours);
  bench.until("the spool is empty",
              [&] { return std::filesystem::is_empty(bench.data.path / "spool"); });
}

TEST_CASE("a report that the spool cannot take now ends its delivery when it can") {
  Bench bench;
  bench.start();
  const auto leases = bench.commit(message({to("bob@a.example")}));
  Settlement bounced;
  bounced.done.push_back({0, FactKind::bounced, {5, 1, 1}, "550 no", "mx"});
  bounced.report = message({to("ann@office.example")}, std::string(300'000, 'r'));
  const std::filesystem::path spool = bench.data.path / "spool";
  std::filesystem::remove(spool);
  std::ofstream(spool) << "no folder";
  ManualClock clock(bench.loop);
  bench.run(clock.advance(0s));  // so that all who sleep do
  const std::size_t timers = clock.timers();
  const auto settle_and_mend = [&](Lease lease, Settlement settlement) -> Task<SettleResult> {
    TaskGroup group;
    const auto mend = [&]() -> Task<> {
      co_await test::eventually("it was tried in vain, and waits to be tried again",
                                [&] { return clock.timers() > timers; });
      std::filesystem::remove(spool);
      co_await clock.advance(1s);
    };
    group.spawn(mend());
    SettleResult result = co_await bench.queue().settle(std::move(lease), std::move(settlement));
    co_await group.join();
    co_return result;
  };
  const SettleResult result = bench.run(settle_and_mend(leases[0], std::move(bounced)));
  CHECK(result.ours);
  CHECK(result.report.size() == 1);
  CHECK(bench.files() == 1);
}

TEST_CASE("the bodies of what waits leave Redis, and nothing else changes") {
  Bench bench;
  bench.start();
  const std::string bytes = "Subject: hi\r\n\r\nHello\r\n";
  const bool held = GENERATE(true, false);
  for (int i = 0; i < 3; ++i) {
    const auto leases = bench.commit(message({to("bob@a.example")}, bytes));
    Settlement later = deferred(0ms);
    later.hold = held;
    CHECK(bench.run(bench.queue().settle(leases[0], later)).ours);
  }
  const auto active = bench.commit(message({to("eve@b.example")}, bytes));
  CHECK(bench.run(bench.queue().shelve_bodies()) == 3);
  CHECK(bench.run(bench.queue().shelve_bodies()) == 0);
  CHECK(bench.say({"KEYS", "q:b:*"}).items.size() == 1);  // what is being tried keeps its own
  CHECK(bench.files() == 3);
  CHECK(bench.run(bench.queue().sweep_spool(0s)) == 0);
  for (const MessageRow& row : bench.run(bench.queue().list_all({}))) {
    CHECK(bench.run(bench.queue().body(row.id))->read() == bytes);
    if (held) bench.run(bench.queue().apply(Action::release, row.id));
  }
  for (const Lease& lease : bench.run(bench.queue().claim(10))) {
    CHECK(lease.body.read() == bytes);
    CHECK(bench.run(bench.queue().settle(lease, delivered())).ours);
  }
  bench.until("the spool is empty", [&] { return bench.files() == 0; });
}

TEST_CASE("two nodes that move the same bodies leave one file each") {
  Bench bench;
  bench.start();
  for (int i = 0; i < 10; ++i) {
    const auto leases = bench.commit(message({to("bob@a.example")}));
    CHECK(bench.run(bench.queue().settle(leases[0], deferred(1h))).ours);
  }
  Folder other_data;
  std::filesystem::create_directory_symlink(bench.data.path / "spool", other_data.path / "spool");
  std::filesystem::create_directory(bench.data.path / "spool");
  Worker other(bench.loop, other_data.path, bench.server.url(), bench.facts);
  bench.run(other.queue.start(5s));
  TaskGroup group;
  const auto shelve = [](Queue& queue) -> Task<> { co_await queue.shelve_bodies(); };
  group.spawn(shelve(bench.queue()));
  group.spawn(shelve(other.queue));
  bench.run(group.join());
  CHECK(bench.files() == 10);
  for (const MessageRow& row : bench.run(bench.queue().list_all({}))) {
    CHECK_FALSE(bench.run(bench.queue().body(row.id))->read().empty());
  }
  bench.run(other.queue.stop());
}

TEST_CASE("a spool file that no message owns is swept") {
  Bench bench;
  bench.start();
  SpoolWriter writer(bench.data.path / "spool", QueueId{7}, "other.boot");
  writer.write("lost");
  writer.finish();
  CHECK(bench.run(bench.queue().sweep_spool()) == 0);
  CHECK(bench.run(bench.queue().sweep_spool(0s)) == 1);
}
