// tests/unit/queue/queries_test.cc: what operators ask of the queue and do to it.
#include "core/async/task_group.h"
#include "tests/unit/queue/queue_bench.h"

using namespace postern;
using namespace postern::queue;
using namespace std::chrono_literals;

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
    CHECK(bench.run(queue.apply(Action::retry, id)).after_try == 1);  // too late to change it
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
  CHECK(timelines[0].events.back().kind == FactKind::removed);
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
