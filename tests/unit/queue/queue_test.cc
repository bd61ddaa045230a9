// tests/unit/queue/queue_test.cc: how a message goes through the queue.
#include "queue/node/heartbeat.h"
#include "queue/spool/spool.h"
#include "queue/store/wire.h"
#include "tests/unit/queue/queue_bench.h"

using namespace postern;
using namespace postern::queue;
using namespace std::chrono_literals;

TEST_CASE("a committed message is leased, tried, finished, and remembered") {
  Bench bench;
  bench.start();
  NewMessage made = message({to("bob@a.example"), to("eve@b.example")});
  const QueueId id = made.id;
  const auto leases = bench.commit(std::move(made));
  REQUIRE(leases.size() == 2);
  CHECK(text(leases[1].next_hop) == "mx:b.example");
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
  CHECK(timeline->events[0].kind == FactKind::accepted);
  CHECK(timeline->events[1].kind == FactKind::delivered);
  CHECK(timeline->events[1].recipient == "bob@a.example");
  CHECK(timeline->events[1].reply == "250 OK");
  const Counts counts = bench.run(bench.queue().counts());
  CHECK(counts.messages + counts.active + counts.ready == 0);
  CHECK(bench.say({"EXISTS", "q:b:" + text(id)}).integer() == 0);
}

TEST_CASE("what is deferred comes back when it is due, with what was stored") {
  Bench bench;
  bench.start();
  const auto leases = bench.commit(message(
      {{to("bob@a.example").next_hop, {recipient("bob@a.example"), recipient("eve@a.example")}}}));
  Settlement half = deferred(300ms);
  half.done.push_back({0, FactKind::delivered, {2, 0, 0}, "250 OK", "mx"});
  CHECK(bench.run(bench.queue().settle(leases[0], half)).ours);
  CHECK(bench.run(bench.queue().counts()).deferred == 1);
  CHECK(bench.run(bench.queue().claim(10)).empty());
  const auto again = bench.claim_when_due(bench.queue());
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
  Settlement in_line = deferred(0ms);
  in_line.counts = false;
  CHECK(bench.run(bench.queue().settle(again[0], in_line)).ours);
  CHECK(bench.run(bench.queue().claim(10)).at(0).attempts == 1);
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
  bounced.done.push_back({0, FactKind::bounced, {5, 1, 1}, "550 no", "mx"});
  bounced.report = message({{ToMailbox{"acc1"}, {recipient("ann@office.example")}}}, "the report");
  bounced.report->id = report_id(leases[0].id, 0, leases[0].fence, 0);
  bounced.report->sender.reset();
  const auto result = bench.run(bench.queue().settle(leases[0], bounced));
  REQUIRE(result.report.size() == 1);
  CHECK(text(result.report[0].next_hop) == "local:acc1");
  CHECK_FALSE(result.report[0].sender);
  CHECK(bench.run(bench.queue().counts()).messages == 1);

  SECTION("and a repeated settle makes no second one") {
    CHECK(bench.run(bench.queue().settle(leases[0], bounced)).report.size() == 1);
    CHECK(bench.run(bench.queue().counts()).messages == 1);
  }
}

TEST_CASE("a report whose lease was lost with an answer is found, though others have gone on") {
  Bench bench;
  bench.start();
  const auto leases = bench.commit(message({to("bob@a.example")}));
  Settlement late = deferred(0ms);
  late.report = message({{ToMailbox{"acc1"}, {recipient("ann@office.example")}}}, "it is late");
  CHECK(bench.run(bench.queue().settle(leases[0], late)).ours);  // and say nobody heard it
  const auto again = bench.run(bench.queue().claim(10));
  REQUIRE(again.size() == 1);
  CHECK(bench.run(bench.queue().settle(again[0], delivered())).ours);
  const auto repeated = bench.run(bench.queue().settle(leases[0], late));
  CHECK_FALSE(repeated.ours);
  REQUIRE(repeated.report.size() == 1);
  CHECK(bench.run(bench.queue().settle(repeated.report[0], delivered())).ours);
  CHECK(bench.run(bench.queue().counts()).messages == 0);
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
  CHECK(bench.run(bench.queue().history(leases[0].id))->events.back().kind == FactKind::uncertain);
}

TEST_CASE(
    "another node takes over from one whose heartbeat stopped, but not its local deliveries") {
  Bench bench;
  bench.start();
  bench.commit(
      message({to("bob@a.example"), {ToMailbox{"acc1"}, {recipient("ann@office.example")}}}));
  Folder other_data;
  Worker other(bench.loop, other_data.path, bench.server.url(), bench.facts);
  bench.run(other.queue.start(5s));
  Heartbeat heartbeat(other.queue, {.interval = 20ms, .lease = 200ms});
  bench.run(heartbeat.start());
  CHECK(bench.run(other.queue.claim(10)).empty());
  const auto taken = bench.claim_when_due(other.queue);
  REQUIRE(taken.size() == 1);
  CHECK(text(taken[0].next_hop) == "mx:a.example");
  CHECK(other.node.still_ours(bench.loop.now()));
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
      co_await with_timeout(300ms, queue.commit(std::move(m)));
    } catch (const Timeout&) {
      co_return true;
    }
    co_return false;
  };
  bench.say({"CLIENT", "PAUSE", "60000", "WRITE"});
  CHECK(bench.run(doubtful(bench.queue(), std::move(made))));
  CHECK_FALSE(std::filesystem::is_empty(bench.data.path / "spool"));
  bench.say({"CLIENT", "UNPAUSE"});
  bench.until("the spool is empty",
              [&] { return std::filesystem::is_empty(bench.data.path / "spool"); });
  CHECK_FALSE(bench.run(bench.queue().show(id)));
  CHECK(bench.run(bench.queue().counts()).active == 0);
}

/// Makes a claim whose answer does not come in time.
void lose_a_claim(Bench& bench) {
  bench.say({"CLIENT", "PAUSE", "60000", "WRITE"});
  const auto lost = [](Queue& queue) -> Task<> { co_await with_timeout(30ms, queue.claim(10)); };
  CHECK_THROWS_AS(bench.run(lost(bench.queue())), Timeout);
  bench.say({"CLIENT", "UNPAUSE"});
}

TEST_CASE("a claim whose answer was lost is made again, not kept from everybody until a restart") {
  Bench bench;
  bench.start();
  bench.commit(message({to("bob@a.example")}), false);
  lose_a_claim(bench);
  const auto again = bench.run(bench.queue().claim(10));
  REQUIRE(again.size() == 1);
  CHECK(again[0].fence == 3);  // leased twice since it was stored
  CHECK(bench.run(bench.queue().claim(10)).empty());
  CHECK(bench.run(bench.queue().settle(again[0], delivered())).ours);
}

TEST_CASE("a lost answer that held no lease takes none from those who work") {
  Bench bench;
  bench.start();
  bench.commit(message({to("bob@a.example")}), false);
  const auto leases = bench.run(bench.queue().claim(10));
  REQUIRE(leases.size() == 1);
  SECTION("of a claim that found nothing") { lose_a_claim(bench); }
  SECTION("of a claim that Redis never heard") {
    bench.server.kill();
    CHECK_THROWS_AS(bench.run(bench.queue().claim(10)), IoError);
    bench.server.start();
    bench.until("the queue has reconnected", [&] { return bench.queue().trouble().empty(); });
  }
  CHECK(bench.run(bench.queue().claim(10)).empty());
  CHECK(bench.run(bench.queue().settle(leases[0], delivered())).ours);
}

TEST_CASE("an entry that nobody can read is held, and keeps no other waiting or out of sight") {
  Bench bench;
  bench.start();
  const NewMessage spoilt = message({to("bob@a.example")});
  const QueueId id = spoilt.id;
  bench.commit(spoilt, false);
  bench.commit(message({to("carol@a.example")}), false);
  bench.say({"HSET", "q:m:" + text(id), "meta", "no JSON"});
  CHECK(bench.run(bench.queue().claim(10)).size() == 1);
  CHECK(bench.run(bench.queue().counts()).held == 1);
  CHECK(bench.run(bench.queue().list_all({}, 0)).size() == 1);
  CHECK(bench.run(bench.queue().claim(10)).empty());
  SECTION("also when it is to be returned") {
    CHECK(bench.run(bench.queue().apply(Action::bounce, id)).now == 1);
    CHECK(bench.run(bench.queue().claim(10)).empty());
    CHECK(bench.run(bench.queue().counts()).held == 1);
  }
  bench.say({"HSET", "q:d:" + text(id) + ":0", "rcpt", "no JSON"});
  CHECK(bench.run(bench.queue().apply(Action::remove, id)).now == 1);
}

TEST_CASE(
    "a next hop that this version does not know is held and listed as it stands, and lost never") {
  Bench bench;
  bench.start();
  NewMessage made = message({to("bob@a.example")});
  const QueueId id = made.id;
  bench.commit(std::move(made), false);
  const std::string ref = text(id) + ":0";
  const std::string odd = "|uucp!far\x01";  // as if another version had written it
  bench.say({"HSET", "q:d:" + ref, "lane", odd});
  bench.say({"RENAME", "q:lane:|mx:a.example", "q:lane:" + odd});
  bench.say({"DEL", "q:lanes:"});
  bench.say({"ZADD", "q:lanes:", "0", odd});
  bench.commit(message({to("eve@b.example")}), false);
  const auto leases = bench.run(bench.queue().claim(10));
  REQUIRE(leases.size() == 1);
  CHECK(text(leases[0].next_hop) == "mx:b.example");
  const auto row = bench.run(bench.queue().history(id));
  REQUIRE(row);
  REQUIRE(row->deliveries.size() == 1);
  CHECK(row->deliveries[0].state == State::held);
  CHECK(row->deliveries[0].next_hop == std::unexpected("uucp!far\x01"));
  CHECK(row->deliveries[0].recipients.size() == 1);
  CHECK(row->events.back().kind == FactKind::held);
  CHECK(row->events.back().reply == R"(unknown next hop: "uucp!far?")");
}

TEST_CASE("a host that takes nothing gets its share of leases at commit, and no more") {
  Bench bench;
  bench.start();
  for (int i = 0; i < 3; ++i) CHECK(bench.commit(message({to("x@dead.example")})).size() == 1);
  const auto leases = bench.commit(message({to("x@dead.example"), to("x@alive.example")}));
  REQUIRE(leases.size() == 1);
  CHECK(text(leases[0].next_hop) == "mx:alive.example");
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

TEST_CASE("what an owner leases after it was taken for dead does not stay with it for ever") {
  Bench bench;
  bench.start();
  const std::string owner = bench.worker->node.writer();
  bench.run(bench.queue().take_over(owner));
  CHECK(bench.say({"HEXISTS", "q:owners", owner}).integer() == 0);
  CHECK(bench.commit(message({to("bob@a.example")})).size() == 1);
  CHECK(bench.say({"HEXISTS", "q:owners", owner}).integer() == 1);
  CHECK(bench.run(bench.queue().take_over(owner)) == 1);
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
  heartbeat.set_bounds(0, 0);
  bench.commit(message({to("bob@a.example")}));
  bench.run(heartbeat.stop());
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

TEST_CASE("an idempotency key that comes with another request is refused, also after a restart") {
  Bench bench;
  bench.start();
  NewMessage first = message({to("bob@a.example")});
  first.idempotency_key = "order 7";
  first.request_digest = "aa";
  bench.commit(first);
  const auto verdict = [&](const char* digest) {
    NewMessage again = first;
    again.id = make_queue_id(std::chrono::system_clock::now());
    again.request_digest = digest;
    return bench.run(bench.queue().commit(again)).error();
  };
  CHECK(verdict("bb") == CommitError::key_reused);
  CHECK(verdict("aa") == CommitError::duplicate);
  bench.restart();
  CHECK(verdict("bb") == CommitError::key_reused);
  CHECK(verdict("aa") == CommitError::duplicate);
  CHECK(verdict("") == CommitError::duplicate);
  CHECK(bench.run(bench.queue().find_by_key("acc1", "order 7")) == first.id);
  CHECK(bench.run(bench.queue().counts()).messages == 1);
}

TEST_CASE("an idempotency key that was stored without a digest counts for any request") {
  Bench bench;
  bench.start();
  NewMessage first = message({to("bob@a.example")}), second = first;
  second.id = make_queue_id(std::chrono::system_clock::now());
  second.idempotency_key = "order 7";
  second.request_digest = "aa";
  bench.say({"SET", "q:k:" + idempotency_name("acc1", "order 7"), text(first.id)});
  CHECK(bench.run(bench.queue().commit(second)).error() == CommitError::duplicate);
  CHECK(bench.run(bench.queue().find_by_key("acc1", "order 7")) == first.id);
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
