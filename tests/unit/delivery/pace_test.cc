// tests/unit/delivery/pace_test.cc: what hosts that keep silent, that are slow or that are full may
// take of the others.
#include <list>

#include "delivery/pace/places.h"
#include "tests/support/eventually.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/delivery/courier_bench.h"
#include "tests/unit/delivery/crowded_server.h"

using namespace postern;
using namespace postern::delivery;
using namespace std::chrono_literals;
using postern::test::CrowdedServer;
using postern::test::eventually;

namespace {

/// A courier whose time is in the hand of the test; each job is for a hop of its own.
struct SlowBench : Bench {
  ManualClock clock{loop};
  std::vector<AttemptResult> results;
  TaskGroup group;
  std::unique_ptr<Courier> courier;

  SlowBench() { settings->command_timeout = settings->connect_timeout = 5min; }
  void start() { courier = std::make_unique<Courier>(loop, pool, settings); }
  Job job_for(const ScriptedServer& server) {
    Job made = job({&server});
    made.key = server.address().text();
    return made;
  }
  void begin(const ScriptedServer& server) {
    group.spawn(keep_result(*courier, job_for(server), results));
  }
  /// Lets time pass until so many have ended.
  Task<> until_ended(std::size_t count) {
    co_await eventually("attempts have ended", [this, count]() -> Task<bool> {
      co_await clock.advance(1s);
      co_return results.size() >= count;
    });
  }
  Task<> end() {
    co_await group.join();
    co_await courier->stop();
  }
};

queue::MessageInfo from(std::string account, std::string client) {
  queue::MessageInfo message;
  message.sender = *mail::EmailAddress::parse("x@far.example");
  message.account = std::move(account);
  message.client = std::move(client);
  return message;
}

}  // namespace

TEST_CASE("hosts that keep us waiting share few slots, and others are served all the same") {
  ScriptedServer first({Script{"wait"}}), second({Script{"wait"}});
  ScriptedServer good({greeting + transaction + Script{"wait"}});
  SlowBench bench;
  bench.settings->bounds.silent = 1;
  bench.start();
  bench.loop.run_until_done([](SlowBench& its, const ScriptedServer& silent,
                               const ScriptedServer& other, const ScriptedServer& well) -> Task<> {
    const auto begin = its.loop.now();
    its.begin(silent);
    its.begin(other);
    co_await its.until_ended(1);
    CHECK(its.loop.now() - begin < 60s);  // not a greeting's five minutes
    CHECK(its.results[0].crowded);
    CHECK(its.results[0].pause == 5min);
    const AttemptResult served = co_await its.courier->deliver(its.job_for(well));
    CHECK(served.verdicts[0].is_success());
    const AttemptResult again = co_await its.courier->deliver(its.job_for(other));
    CHECK(again.crowded);  // it is known now, and the slot is taken
    co_await its.until_ended(2);
    CHECK(its.loop.now() - begin >= 5min);
    CHECK_FALSE(its.results[1].crowded);  // it was tried to the end, and counts
    CHECK(its.results[1].verdicts[0].kind == Kind::deferred);
    co_await its.end();
  }(bench, first, second, good));
  second.finish();
  CHECK(second.connections == 1);
}

TEST_CASE("an attempt as a whole has an end, however its host spreads its replies") {
  ScriptedServer host({greeting + Script{"<MAIL", "wait"}});
  SlowBench bench;
  bench.settings->bounds.attempt = 90s;
  bench.start();
  bench.loop.run_until_done([](SlowBench& its, const ScriptedServer& slow) -> Task<> {
    const auto begin = its.loop.now();
    its.begin(slow);
    co_await its.until_ended(1);
    CHECK(its.loop.now() - begin < 2min);
    CHECK_FALSE(its.results[0].crowded);
    CHECK_FALSE(its.results[0].broken_off);
    CHECK(its.results[0].verdicts[0].kind == Kind::deferred);
    CHECK(its.results[0].verdicts[0].reply.contains("took too long"));
    co_await its.end();
  }(bench, host));
}

TEST_CASE("a host that bears two connections gets two, and all mail arrives in its first attempt") {
  CrowdedServer host(2);
  Bench bench;
  bench.settings->command_timeout = 10s;
  bench.settings->initial_concurrency = 5;
  std::vector<AttemptResult> results;
  bench.loop.run_until_done(
      [](Bench& its, const net::Address& address, std::vector<AttemptResult>& ended) -> Task<> {
        Courier courier(its.loop, its.pool, its.settings);
        TaskGroup group;
        for (int n = 0; n < 60; ++n) {
          Job job = its.job({});
          job.targets.push_back({.host = "mx", .addresses = {address}});
          group.spawn(its.keep_result(courier, std::move(job), ended));
        }
        co_await group.join();
        co_await courier.stop();
      }(bench, host.address(), results));
  host.finish();
  CHECK(std::ranges::count_if(results, [](const AttemptResult& result) {
          return result.verdicts[0].is_success();
        }) == 60);
  CHECK(host.taken == 60);
  CHECK(host.refused <= 8);
}

TEST_CASE("whoever has as many places as are free gets no more, and others find some") {
  const Bounds bounds{.attempts = 8, .octets = 1000, .reports = 1};
  Places places;
  std::list<Places::Place> taken;
  const auto most_of = [&](const std::string& holder) {
    std::size_t count = 0;
    for (; places.has_room_for(holder, bounds); ++count) taken.emplace_back(places, holder, 1);
    return count;
  };
  CHECK(most_of("a") == 4);
  CHECK(most_of("b") == 2);
  CHECK(most_of("reports") == 1);
  CHECK(most_of("c") == 1);
  CHECK_FALSE(places.has_room(bounds));
  taken.clear();
  CHECK(places.has_room(bounds));
  CHECK(most_of("reports") == 1);
  taken.emplace_back(places, "b", 1000);
  CHECK_FALSE(places.has_room(bounds));
}

TEST_CASE(
    "an attempt is its account's, else its client's, and a report nobody's but the reports'") {
  CHECK(holder_of(from("7", "192.0.2.1")) == holder_of(from("7", "192.0.2.2")));
  CHECK(holder_of(from("7", "192.0.2.1")) != holder_of(from("", "192.0.2.1")));
  CHECK(holder_of(from("", "192.0.2.1")) != holder_of(from("", "192.0.2.2")));
  CHECK(holder_of(from("", "2001:db8::1")) == holder_of(from("", "2001:db8::2")));
  CHECK(holder_of(from("", "2001:db8::1")) != holder_of(from("", "2001:db8:0:1::1")));
  queue::MessageInfo report = from("", "local");
  CHECK(holder_of(report) != "reports");
  report.sender.reset();
  CHECK(holder_of(report) == "reports");
}
