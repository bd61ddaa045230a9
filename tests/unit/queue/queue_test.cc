// tests/unit/queue/queue_test.cc: the queue over a real redis-server.
#include "queue/queue.h"

#include <catch2/catch.hpp>

#include "core/async/task_group.h"
#include "core/async/thread_pool.h"
#include "core/async/timer.h"
#include "queue/heartbeat.h"
#include "queue/spool.h"
#include "tests/unit/queue/redis_server.h"

using namespace postern;
using namespace postern::queue;
using namespace std::chrono_literals;

namespace {

mail::Recipient recipient(std::string_view text) {
  return {*mail::EmailAddress::parse(text), "", {}};
}

NewMessage message(std::vector<NewDelivery> deliveries,
                   std::string bytes = "Subject: hi\r\n\r\nHello\r\n") {
  NewMessage made;
  made.id = make_queue_id(std::chrono::system_clock::now());
  made.sender = *mail::EmailAddress::parse("ann@office.example");
  made.account = "acc1";
  made.message_id = "<1@office.example>";
  made.subject = "hi";
  made.size = bytes.size();
  made.received = std::chrono::system_clock::now();
  made.body = Body::in_memory(std::move(bytes));
  made.deliveries = std::move(deliveries);
  return made;
}

NewDelivery to(std::string_view address) {
  const auto parsed = *mail::EmailAddress::parse(address);
  return {"mx:" + parsed.domain().text(), {recipient(address)}};
}

Settlement delivered() {
  Settlement settlement;
  settlement.done.push_back({0, Outcome::delivered, {2, 0, 0}, "250 OK", "mx.example"});
  return settlement;
}

Settlement deferred(std::chrono::milliseconds wait) {
  Settlement settlement;
  settlement.retry_in = wait;
  settlement.last_error = "451 later";
  return settlement;
}

/// One worker of one process; `restart` makes a process with the same data_dir.
struct Worker {
  explicit Worker(Loop& loop, const std::filesystem::path& data, const redis::Url& url)
      : node(data),
        queue(loop, node, pool, {.redis = url, .spool = data / "spool", .in_flight_per_hop = 3}) {}
  Node node;
  ThreadPool pool{2, 100};
  Queue queue;
};

struct Bench {
  explicit Bench(std::string fsync = "always") : server(std::move(fsync)) { again(); }
  ~Bench() {
    if (worker) run(worker->queue.stop());
  }
  template <class T>
  T run(Task<T> task) {
    return loop.run_until_done(std::move(task));
  }
  Queue& queue() { return worker->queue; }
  void again() { worker = std::make_unique<Worker>(loop, data.path, server.url()); }
  void start() { run(worker->queue.start(5s)); }
  void restart() {
    run(worker->queue.stop());
    again();
    start();
  }
  std::vector<Lease> commit(NewMessage made, bool lease_now = true) {
    auto result = run(queue().commit(std::move(made), lease_now));
    REQUIRE(result.has_value());
    return *std::move(result);
  }
  std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(data.path / "spool")) {
      count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
  }
  /// Waits until it is true, 5 s at most.
  template <class Condition>
  void until(Condition is_true) {
    for (int looks = 0; looks < 500 && !is_true(); ++looks) {
      run([]() -> Task<> { co_await sleep_for(10ms); }());
    }
    CHECK(is_true());
  }
  redis::Reply say(redis::Arguments command) {
    redis::Connection connection(loop, server.url());
    connection.start();
    redis::Reply reply = run(connection.call(std::move(command)));
    run(connection.stop());
    return reply;
  }

  Loop loop;
  RedisServer server;
  Folder data;
  std::unique_ptr<Worker> worker;
};

}  // namespace

TEST_CASE("a committed message is leased, tried, finished, and remembered") {
  Bench bench;
  bench.start();
  NewMessage made = message({to("bob@a.example"), to("eve@b.example")});
  const QueueId id = made.id;
  const auto leases = bench.commit(std::move(made));
  REQUIRE(leases.size() == 2);
  CHECK(leases[1].next_hop == "mx:b.example");
  CHECK(leases[0].body.is_in_memory());
  CHECK(bench.run(bench.queue().counts()).active == 2);
  CHECK(bench.run(bench.queue().settle(leases[0], delivered())).ours);
  auto row = bench.run(bench.queue().show(id));
  REQUIRE(row);
  CHECK(row->deliveries.size() == 1);
  CHECK_FALSE(row->completed);
  CHECK(bench.run(bench.queue().settle(leases[1], delivered())).ours);
  const auto timeline = bench.run(bench.queue().history(id));
  REQUIRE(timeline);
  CHECK(timeline->completed);
  REQUIRE(timeline->events.size() == 3);
  CHECK(timeline->events[0].fact == "accepted");
  CHECK(timeline->events[1].fact == "delivered");
  CHECK(timeline->events[1].recipient == "bob@a.example");
  CHECK(timeline->events[1].reply == "250 OK");
  const Counts counts = bench.run(bench.queue().counts());
  CHECK(counts.messages + counts.active + counts.ready == 0);
  CHECK(bench.say({"EXISTS", "q:b:" + text(id)}).integer() == 0);
}

TEST_CASE("what is deferred comes back when it is due, with what was stored") {
  Bench bench;
  bench.start();
  const auto leases = bench.commit(
      message({{"mx:a.example", {recipient("bob@a.example"), recipient("eve@a.example")}}}));
  Settlement half = deferred(300ms);
  half.done.push_back({0, Outcome::delivered, {2, 0, 0}, "250 OK", "mx"});
  CHECK(bench.run(bench.queue().settle(leases[0], half)).ours);
  CHECK(bench.run(bench.queue().counts()).deferred == 1);
  CHECK(bench.run(bench.queue().claim(10)).empty());
  bench.run([](Bench&) -> Task<> { co_await sleep_for(350ms); }(bench));
  const auto again = bench.run(bench.queue().claim(10));
  REQUIRE(again.size() == 1);
  CHECK(again[0].attempts == 1);
  CHECK(again[0].fence == 2);
  CHECK(again[0].age >= 300ms);
  CHECK(again[0].last_error == "451 later");
  REQUIRE(again[0].recipients.size() == 1);
  CHECK(again[0].recipients[0].address.text() == "eve@a.example");
  CHECK(again[0].body.read() == leases[0].body.bytes());
  CHECK(again[0].sender == leases[0].sender);
  CHECK(again[0].message_id == "<1@office.example>");
}

TEST_CASE("a dead host's backlog does not hold up another host's mail") {
  Bench bench;
  bench.start();
  for (int i = 0; i < 50; ++i) bench.commit(message({to("x@dead.example")}), false);
  bench.commit(message({to("x@alive.example")}), false);
  const auto first = bench.run(bench.queue().claim(2));
  REQUIRE(first.size() == 2);
  CHECK(first[0].next_hop != first[1].next_hop);
  const auto rest = bench.run(bench.queue().claim(10));
  CHECK(rest.size() == 2);  // three in flight are allowed to one next hop
  CHECK(bench.run(bench.queue().claim(10)).empty());
  CHECK(bench.run(bench.queue().settle(rest[0], deferred(1h))).ours);
  CHECK(bench.run(bench.queue().claim(10)).size() == 1);
}

TEST_CASE("a report is stored in the script that ends the delivery") {
  Bench bench;
  bench.start();
  const auto leases = bench.commit(message({to("bob@a.example")}));
  Settlement bounced;
  bounced.done.push_back({0, Outcome::bounced, {5, 1, 1}, "550 no", "mx"});
  bounced.report = message({{"local:acc1", {recipient("ann@office.example")}}}, "the report");
  bounced.report->id = report_id(leases[0].id, 0, leases[0].fence, 0);
  bounced.report->sender.reset();
  const auto result = bench.run(bench.queue().settle(leases[0], bounced));
  REQUIRE(result.report.size() == 1);
  CHECK(result.report[0].next_hop == "local:acc1");
  CHECK_FALSE(result.report[0].sender);
  CHECK(bench.run(bench.queue().counts()).messages == 1);

  SECTION("and a repeated settle makes no second one") {
    CHECK(bench.run(bench.queue().settle(leases[0], bounced)).report.size() == 1);
    CHECK(bench.run(bench.queue().counts()).messages == 1);
  }
}

TEST_CASE("who lost the lease cannot finish") {
  Bench bench;
  bench.start();
  const auto leases = bench.commit(message({to("bob@a.example")}));
  CHECK(bench.run(bench.queue().take_over(bench.worker->node.writer())) == 1);
  CHECK_FALSE(bench.run(bench.queue().settle(leases[0], delivered())).ours);
  const auto again = bench.run(bench.queue().claim(10));
  REQUIRE(again.size() == 1);
  CHECK_FALSE(bench.run(bench.queue().settle(leases[0], delivered())).ours);
  CHECK(bench.run(bench.queue().settle(again[0], delivered())).ours);
}

TEST_CASE(
    "a restarted node takes its own back at once, and says that it is not known what happened") {
  Bench bench;
  bench.start();
  const auto leases = bench.commit(message({to("bob@a.example")}));
  bench.restart();
  CHECK(bench.run(bench.queue().claim(10)).size() == 1);
  CHECK(bench.run(bench.queue().history(leases[0].id))->events.back().fact == "uncertain");
}

TEST_CASE(
    "another node takes over from one whose heartbeat stopped, but not its local deliveries") {
  Bench bench;
  bench.start();
  bench.commit(message({to("bob@a.example"), {"local:acc1", {recipient("ann@office.example")}}}));
  Folder other_data;
  Worker other(bench.loop, other_data.path, bench.server.url());
  bench.run(other.queue.start(5s));
  Heartbeat heartbeat(other.queue, {.interval = 20ms, .lease = 200ms});
  bench.run(heartbeat.start());
  CHECK(bench.run(other.queue.claim(10)).empty());
  bench.run([](Bench&) -> Task<> { co_await sleep_for(500ms); }(bench));
  const auto taken = bench.run(other.queue.claim(10));
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].next_hop == "mx:a.example");
  CHECK(other.node.still_ours());
  bench.run(heartbeat.stop());
  bench.run(other.queue.stop());
  CHECK(bench.run(bench.queue().claim(10)).size() == 1);
}

TEST_CASE("Redis is killed and comes back: acknowledged mail is there, and the queue goes on") {
  Bench bench;
  bench.start();
  const auto leases = bench.commit(message({to("bob@a.example")}));
  bench.server.kill();
  CHECK_THROWS_AS(bench.run(bench.queue().commit(message({to("bob@a.example")}))), IoError);
  CHECK_FALSE(bench.queue().trouble().empty());
  bench.server.start();
  CHECK(bench.run(bench.queue().settle(leases[0], delivered())).ours);
  CHECK(bench.queue().trouble().empty());
}

TEST_CASE("a settle that is under way when Redis dies is repeated until it is answered") {
  Bench bench;
  bench.start();
  const auto leases = bench.commit(message({to("bob@a.example")}));
  bench.server.kill();
  const auto settle_and_start = [](Bench& b, Lease lease) -> Task<SettleResult> {
    b.loop.post([&b] { b.server.start(); });
    co_return co_await b.queue().settle(std::move(lease), delivered());
  };
  CHECK(bench.run(settle_and_start(bench, leases[0])).ours);
  CHECK(bench.run(bench.queue().counts()).messages == 0);
}

TEST_CASE("a commit whose answer nobody waited for is abandoned") {
  Bench bench;
  bench.start();
  NewMessage made = message({to("bob@a.example")}, std::string(300'000, 'x'));
  const QueueId id = made.id;
  const auto doubtful = [](Queue& queue, NewMessage m) -> Task<bool> {
    try {
      co_await with_timeout(30ms, queue.commit(std::move(m)));
    } catch (const Timeout&) {
      co_return true;
    }
    co_return false;
  };
  redis::Connection sleeper(bench.loop, bench.server.url());
  sleeper.start();
  bench.run(sleeper.call({"PING"}));
  TaskGroup group;
  group.spawn(
      [](redis::Connection& c) -> Task<> { co_await c.call({"DEBUG", "SLEEP", "0.3"}); }(sleeper));
  bench.run([]() -> Task<> { co_await sleep_for(20ms); }());
  CHECK(bench.run(doubtful(bench.queue(), std::move(made))));
  bench.run(group.join());
  bench.run([]() -> Task<> { co_await sleep_for(100ms); }());
  CHECK_FALSE(bench.run(bench.queue().show(id)));
  CHECK(bench.run(bench.queue().counts()).active == 0);
  CHECK(std::filesystem::is_empty(bench.data.path / "spool"));
  bench.run(sleeper.stop());
}

TEST_CASE("a claim whose answer was lost is made again, not kept from everybody until a restart") {
  Bench bench;
  bench.start();
  bench.commit(message({to("bob@a.example")}), false);
  redis::Connection sleeper(bench.loop, bench.server.url());
  sleeper.start();
  bench.run(sleeper.call({"PING"}));
  TaskGroup group;
  group.spawn(
      [](redis::Connection& c) -> Task<> { co_await c.call({"DEBUG", "SLEEP", "0.3"}); }(sleeper));
  bench.run([]() -> Task<> { co_await sleep_for(20ms); }());
  const auto lost = [](Queue& queue) -> Task<> { co_await with_timeout(30ms, queue.claim(10)); };
  CHECK_THROWS_AS(bench.run(lost(bench.queue())), Timeout);
  bench.run(group.join());
  const auto again = bench.run(bench.queue().claim(10));
  REQUIRE(again.size() == 1);
  CHECK(again[0].fence == 3);  // leased twice since it was stored
  CHECK(bench.run(bench.queue().claim(10)).empty());
  CHECK(bench.run(bench.queue().settle(again[0], delivered())).ours);
  bench.run(sleeper.stop());
}

TEST_CASE("a host that takes nothing gets its share of leases at commit, and no more") {
  Bench bench;
  bench.start();
  for (int i = 0; i < 3; ++i) CHECK(bench.commit(message({to("x@dead.example")})).size() == 1);
  const auto leases = bench.commit(message({to("x@dead.example"), to("x@alive.example")}));
  REQUIRE(leases.size() == 1);
  CHECK(leases[0].next_hop == "mx:alive.example");
  CHECK(leases[0].index == 1);
  CHECK(bench.run(bench.queue().counts()).ready == 1);
  CHECK(bench.run(bench.queue().settle(leases[0], delivered())).ours);
}

TEST_CASE("what an older connection of the worker sends late is refused") {
  Bench bench;
  bench.start();
  bench.say({"HINCRBY", "q:gen:" + bench.worker->node.writer(), "0", "1"});
  CHECK_THROWS_AS(bench.run(bench.queue().commit(message({to("bob@a.example")}))),
                  redis::ReplyError);
}

TEST_CASE("a full Redis refuses new mail and still drains") {
  Bench bench;
  bench.start();
  const auto leases = bench.commit(message({to("bob@a.example")}));
  bench.say({"CONFIG", "SET", "maxmemory", "1"});
  const auto refused =
      bench.run(bench.queue().commit(message({to("bob@a.example")}, std::string(300'000, 'x'))));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error() == CommitError::full);
  CHECK(std::filesystem::is_empty(bench.data.path / "spool"));
  CHECK(bench.run(bench.queue().settle(leases[0], deferred(0ms))).ours);
  const auto again = bench.run(bench.queue().claim(1));
  REQUIRE(again.size() == 1);
  CHECK(bench.run(bench.queue().settle(again[0], delivered())).ours);
}

TEST_CASE("past memory_limit or disk_reserve new mail is refused") {
  Bench bench;
  bench.start();
  const bool memory = GENERATE(true, false);
  Heartbeat heartbeat(bench.queue(),
                      {.memory_limit = memory ? 1U : 0U, .disk_reserve = memory ? 0 : ~0ULL});
  bench.run(heartbeat.start());
  const auto refused = bench.run(bench.queue().commit(message({to("bob@a.example")})));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error() == CommitError::full);
  bench.run(heartbeat.stop());
}

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
  bench.run([]() -> Task<> { co_await sleep_for(50ms); }());
  CHECK(std::filesystem::is_empty(bench.data.path / "spool"));
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
  bench.until([&] { return bench.files() == 0; });
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
  Worker other(bench.loop, other_data.path, bench.server.url());
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

TEST_CASE("an idempotency key makes one message, and counts within its account") {
  Bench bench;
  bench.start();
  NewMessage first = message({to("bob@a.example")}), second = first, other = first;
  second.id = make_queue_id(std::chrono::system_clock::now());
  other.id = make_queue_id(std::chrono::system_clock::now());
  other.account = "acc2";
  first.idempotency_key = second.idempotency_key = other.idempotency_key = "order 7";
  bench.commit(first);
  const auto refused = bench.run(bench.queue().commit(second));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error() == CommitError::duplicate);
  CHECK(bench.run(bench.queue().find_by_key("acc1", "order 7")) == first.id);
  bench.commit(other);
}

TEST_CASE("an operator's verbs act at once, or when the try is over") {
  Bench bench;
  bench.start();
  Queue& queue = bench.queue();
  const auto leases = bench.commit(message({to("bob@a.example")}));
  const QueueId id = leases[0].id;
  const auto state = [&] { return bench.run(queue.show(id))->deliveries.at(0).state; };

  SECTION("hold waits for the try, release ends it") {
    CHECK(bench.run(queue.apply(Action::hold, id)).after_try == 1);
    CHECK(state() == State::active);
    CHECK(bench.run(queue.settle(leases[0], deferred(1h))).ours);
    CHECK(state() == State::held);
    CHECK(bench.run(queue.claim(10)).empty());
    CHECK(bench.run(queue.apply(Action::release, id)).now == 1);
    CHECK(bench.run(queue.claim(10)).size() == 1);
  }
  SECTION("remove waits for the try") {
    CHECK(bench.run(queue.apply(Action::remove, id)).after_try == 1);
    CHECK(bench.run(queue.settle(leases[0], deferred(1h))).ours);
    CHECK(bench.run(queue.show(id))->completed);
    CHECK(bench.run(queue.counts()).messages == 0);
  }
  SECTION("retry brings the deferred forward") {
    CHECK(bench.run(queue.settle(leases[0], deferred(1h))).ours);
    CHECK(bench.run(queue.apply(Action::retry, id)).now == 1);
    CHECK(bench.run(queue.claim(10)).size() == 1);
  }
  SECTION("bounce gives a lease that says so") {
    CHECK(bench.run(queue.settle(leases[0], deferred(1h))).ours);
    CHECK(bench.run(queue.apply(Action::bounce, id)).now == 1);
    const auto again = bench.run(queue.claim(10));
    REQUIRE(again.size() == 1);
    CHECK(again[0].bounce);
  }
  SECTION("an unknown message is not found") {
    CHECK_FALSE(bench.run(queue.apply(Action::remove, QueueId{1})).found);
    CHECK_FALSE(bench.run(queue.show(QueueId{1})));
  }
}

TEST_CASE("a listing filters, and walks in batches") {
  Bench bench;
  bench.start();
  for (int i = 0; i < 5; ++i)
    bench.commit(message({to(i % 2 == 0 ? "bob@a.example" : "eve@b.example")}), i < 3);
  Queue& queue = bench.queue();
  CHECK(bench.run(queue.list_all({})).size() == 5);
  CHECK(bench.run(queue.list_all({}, 2)).size() == 2);
  CHECK(bench.run(queue.list_all({.domain = "B.example"})).size() == 2);
  CHECK(bench.run(queue.list_all({.recipient = "BOB@a.example"})).size() == 3);
  CHECK(bench.run(queue.list_all({.sender = "<>"})).empty());
  CHECK(bench.run(queue.list_all({.state = State::ready})).size() == 2);
  const auto page = bench.run(queue.list({}, std::nullopt, 2));
  CHECK(page.rows.size() == 2);
  REQUIRE(page.next);
  CHECK(bench.run(queue.list({}, page.next, 10)).rows.size() == 3);
}

TEST_CASE("a search finds what waits and what has left, by Message-ID and by address") {
  Bench bench;
  bench.start();
  Queue& queue = bench.queue();
  std::vector<std::string> ids;
  const auto add = [&](std::string_view recipient, std::string_view message_id,
                       std::string_view account) {
    NewMessage made = message({to(recipient)});
    made.message_id = message_id;
    made.account = account;
    ids.push_back(text(made.id));
    return bench.commit(std::move(made));
  };
  CHECK(bench.run(queue.settle(add("bob@a.example", "<one@x>", "acc1")[0], delivered())).ours);
  add("Bob@A.example", "<two@x>", "acc2");
  CHECK(bench.run(queue.settle(add("eve@b.example", "<three@x>", "acc2")[0], delivered())).ours);
  const auto removed = add("zoe@b.example", "<four@x>", "acc1");
  CHECK(bench.run(queue.settle(removed[0], deferred(1h))).ours);
  CHECK(bench.run(queue.apply(Action::remove, removed[0].id)).now == 1);
  const auto found = [&](Sought sought, std::size_t limit = 10) {
    std::vector<std::string> all;
    for (const Timeline& one : bench.run(queue.search(std::move(sought), limit)))
      all.push_back(text(one.id));
    return all;
  };
  using Ids = std::vector<std::string>;
  CHECK(found({.message_id = "<one@x>"}) == Ids{ids[0]});
  CHECK(found({.message_id = "<two@x>"}) == Ids{ids[1]});
  CHECK(found({.message_id = "<one@"}).empty());
  CHECK(found({.address = "BOB@a.example"}) == Ids{ids[0], ids[1]});
  CHECK(found({.address = "ann@office.example"}) == ids);
  CHECK(found({.address = "ann@office.example"}, 2) == Ids{ids[2], ids[3]});
  CHECK(found({.address = "ann@office.example", .account = "acc2"}) == Ids{ids[1], ids[2]});
  CHECK(found({.address = "zoe@b.example"}) == Ids{ids[3]});
  CHECK(found({.address = "b@a.example"}).empty());
  const auto timelines = bench.run(queue.search({.address = "zoe@b.example"}, 1));
  REQUIRE(timelines.size() == 1);
  CHECK(timelines[0].events.back().fact == "removed");
  CHECK(timelines[0].events.back().recipient == "zoe@b.example");
}

TEST_CASE("a search walks through more messages than one batch holds") {
  Bench bench;
  bench.start();
  Queue& queue = bench.queue();
  const auto pass = [&queue](int number) -> Task<> {
    // Each to a host of its own: none is at its limit.
    NewMessage made = message({to("bob@" + std::to_string(number) + ".example")});
    const bool stays = number % 2 == 0;
    const auto leases = co_await queue.commit(std::move(made), !stays);
    if (!stays) co_await queue.settle(leases->at(0), delivered());
  };
  bench.run([&]() -> Task<> {
    TaskGroup all;  // side by side they share their fsyncs
    for (int i = 0; i < 1100; ++i) all.spawn(pass(i));
    co_await all.join();
  }());
  CHECK(bench.run(queue.counts()).messages == 550);
  CHECK(bench.run(queue.search({.address = "ann@office.example"}, 5000)).size() == 1100);
  CHECK(bench.run(queue.search({.address = "bob@0.example"}, 10)).size() == 1);
  CHECK(bench.run(queue.search({.address = "bob@1.example"}, 10)).size() == 1);
}

TEST_CASE("a wall clock that steps back delays nothing by the step") {
  Bench bench;
  bench.start();
  const auto leases = bench.commit(message({to("bob@a.example")}));
  CHECK(bench.run(bench.queue().settle(leases[0], deferred(30min))).ours);
  // As if the last beat had been by a clock an hour ahead.
  const auto now = std::chrono::system_clock::now() + 1h;
  bench.say(
      {"HSET", "q:clock", "offset", "0", "last",
       std::to_string(
           std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count())});
  bench.run(bench.queue().beat(false));
  CHECK(bench.run(bench.queue().claim(10)).size() == 1);
}

TEST_CASE("a Redis that came back empty is refused") {
  Bench bench;
  bench.start();
  bench.run(bench.queue().stop());
  bench.say({"FLUSHALL"});
  bench.again();
  CHECK_THROWS_AS(bench.start(), QueueRefused);
  CHECK(bench.queue().trouble().find("lost the queue") != std::string::npos);
}

TEST_CASE("a Redis that acknowledges what it may lose is refused by the setting's name") {
  Bench bench("everysec");
  CHECK_THROWS_AS(bench.start(), QueueRefused);
  CHECK(bench.queue().trouble().find("appendfsync is everysec") != std::string::npos);
}

TEST_CASE("a setting that is made unsafe later stops new mail until it is safe again") {
  Bench bench;
  bench.start();
  bench.say({"CONFIG", "SET", "appendfsync", "no"});
  bench.run(bench.queue().check_settings());
  CHECK_THROWS_AS(bench.run(bench.queue().commit(message({to("bob@a.example")}))), QueueRefused);
  bench.say({"CONFIG", "SET", "appendfsync", "always"});
  bench.run(bench.queue().check_settings());
  bench.commit(message({to("bob@a.example")}));
}
