// tests/unit/queue/facts_test.cc: what the queue tells of messages, to whom, and when.
#include "queue/model/told.h"
#include "queue/store/codec.h"
#include "tests/unit/queue/queue_bench.h"

using namespace postern;
using namespace postern::queue;

namespace {

std::string names(const std::vector<Fact>& facts) {
  Recording all;
  all.seen = facts;
  return all.names();
}

Lease lease_to(std::initializer_list<const char*> addresses) {
  Lease lease;
  lease.id = QueueId{7};
  lease.attempts = 2;
  lease.next_hop = to("bob@a.example").next_hop;
  for (const char* address : addresses) lease.recipients.push_back(recipient(address));
  return lease;
}

Settlement half_done() {
  Settlement settlement = deferred(1s);
  settlement.host = "mx.a.example";
  settlement.tried = {{2, 0, 0}, "250 OK", 40ms};
  settlement.done.push_back({0, FactKind::relayed, {2, 0, 0}, "250 OK", "mx2.a.example"});
  settlement.put_off.push_back({1, {4, 5, 1}, "451 one"});
  settlement.put_off.push_back({2, {4, 5, 2}, "451 later"});
  return settlement;
}

}  // namespace

TEST_CASE("every kind of fact is read back by its name, and only those") {
  for (const FactKind kind : all_fact_kinds) CHECK(parse_fact_kind(name(kind)) == kind);
  CHECK_FALSE(parse_fact_kind("told"));
  CHECK_FALSE(parse_fact_kind(""));
}

TEST_CASE("an entry of the timeline that a newer version wrote is passed over") {
  CHECK_FALSE(decode_fact(R"({"t":1700000000000,"f":"translated"})"));
}

TEST_CASE("a fact keeps in the timeline what concerns its recipient") {
  Fact fact{.kind = FactKind::bounced, .at = WallTime(1700000000s), .delivery = 3, .attempt = 2};
  fact.recipient = "bob@a.example";
  fact.status = "5.1.1";
  fact.reply = "550 no";
  fact.host = "mx";
  fact.address = "192.0.2.1:25";
  fact.tls = "TLSv1.3";
  CHECK(encode_fact(fact) ==
        R"({"a":"192.0.2.1:25","d":3,"f":"bounced","h":"mx","l":"TLSv1.3","n":2,)"
        R"("r":"bob@a.example","s":"5.1.1","t":1700000000000,"w":"550 no"})");
  const auto read = decode_fact(encode_fact(fact));
  REQUIRE(read);
  CHECK(encode_fact(*read) == encode_fact(fact));
}

TEST_CASE("a try tells each recipient's fate, and its timeline those who wait in one entry") {
  const Lease lease = lease_to({"bob@a.example", "eve@a.example", "zoe@a.example"});
  const auto facts = facts_of(lease, half_done(), WallTime());
  REQUIRE(names(facts) == "attempt relayed deferred deferred");
  CHECK(facts[0].took == 40ms);
  CHECK(facts[0].host == "mx.a.example");
  CHECK(facts[1].host == "mx2.a.example");
  CHECK(facts[1].recipient == "bob@a.example");
  CHECK(facts[2].recipient == "eve@a.example");
  CHECK(facts[2].status == "4.5.1");
  CHECK(facts[3].reply == "451 later");
  for (const Fact& fact : facts) CHECK((fact.id == QueueId{7} && fact.attempt == 3));
  const auto timeline = timeline_of(lease, half_done(), WallTime());
  REQUIRE(names(timeline) == "relayed deferred");
  CHECK(timeline[1].recipient.empty());
  CHECK(timeline[1].reply == "451 later");
}

TEST_CASE("a doubtful try is uncertain, and a held one is not deferred") {
  const Lease lease = lease_to({"bob@a.example", "eve@a.example", "zoe@a.example"});
  Settlement settlement = half_done();
  settlement.uncertain = true;
  CHECK(names(facts_of(lease, settlement, WallTime())) ==
        "attempt relayed uncertain deferred deferred");
  CHECK(names(timeline_of(lease, settlement, WallTime())) == "relayed uncertain");
  settlement.hold = true;
  CHECK(names(facts_of(lease, settlement, WallTime())) == "attempt relayed held");
  CHECK(names(timeline_of(lease, settlement, WallTime())) == "relayed held");
}

TEST_CASE("an alias is told with its targets, in bounds") {
  NewMessage made = message({to("bob@a.example")});
  const auto address = [](const std::string& text) { return *mail::EmailAddress::parse(text); };
  made.expansions = {{address("few@office.example"), {address("bob@a.example")}},
                     {address("all@office.example"), {}}};
  for (int n = 0; n < 1000; ++n)
    made.expansions[1].targets.push_back(address("u" + std::to_string(n) + "@a.example"));
  const auto facts = facts_of(made, WallTime());
  REQUIRE(names(facts) == "accepted expanded expanded");
  CHECK(facts[0].recipients == 1);
  CHECK(facts[1].recipient == "few@office.example");
  CHECK(facts[1].reply == "bob@a.example");
  CHECK(facts[2].recipients == 1000);
  CHECK(facts[2].reply ==
        "u0@a.example, u1@a.example, u2@a.example, u3@a.example, u4@a.example and 995 more");
}

TEST_CASE("listeners hear of a message what its timeline holds") {
  Bench bench;
  bench.start();
  NewMessage made = message({to("bob@a.example")});
  made.expansions = {{*mail::EmailAddress::parse("all@office.example"),
                      {*mail::EmailAddress::parse("bob@a.example")}}};
  const QueueId id = made.id;
  const auto leases = bench.commit(std::move(made));
  CHECK(bench.facts.names() == "accepted expanded");
  CHECK(bench.run(bench.queue().settle(leases[0], delivered())).ours);
  CHECK(bench.facts.names() == "accepted expanded delivered");
  const auto timeline = bench.run(bench.queue().history(id));
  REQUIRE(timeline);
  REQUIRE(timeline->events.size() == bench.facts.seen.size());
  for (std::size_t i = 0; i < timeline->events.size(); ++i) {
    CHECK(encode_fact(timeline->events[i]) == encode_fact(bench.facts.seen[i]));
    CHECK(bench.facts.seen[i].id == id);
    CHECK(bench.facts.seen[i].sender == "<ann@office.example>");
    CHECK(bench.facts.seen[i].account == "acc1");
  }
}

TEST_CASE("a settlement whose lease was lost tells nothing") {
  Bench bench;
  bench.start();
  const auto leases = bench.commit(message({to("bob@a.example")}));
  CHECK(bench.run(bench.queue().take_over(bench.worker->node.writer())) == 1);
  CHECK(bench.facts.names() == "accepted uncertain");
  CHECK(bench.facts.seen.back().id == leases[0].id);
  CHECK(bench.facts.seen.back().attempt == 1);
  CHECK_FALSE(bench.run(bench.queue().settle(leases[0], delivered())).ours);
  CHECK(bench.facts.names() == "accepted uncertain");
}

TEST_CASE("a commit that is refused tells nothing") {
  Bench bench;
  bench.start();
  NewMessage made = message({to("bob@a.example")});
  made.idempotency_key = "k";
  NewMessage again = made;
  again.id = make_queue_id(std::chrono::system_clock::now());
  bench.commit(std::move(made));
  CHECK_FALSE(bench.run(bench.queue().commit(std::move(again))).has_value());
  CHECK(bench.facts.names() == "accepted");
}

TEST_CASE("what an operator does is told when it does something") {
  Bench bench;
  bench.start();
  const auto leases = bench.commit(message(
      {{to("bob@a.example").next_hop, {recipient("bob@a.example"), recipient("eve@a.example")}}}));
  const QueueId id = leases[0].id;
  CHECK(bench.run(bench.queue().settle(leases[0], deferred(1h))).ours);
  bench.facts.seen.clear();
  for (const Action action : {Action::release, Action::hold, Action::retry, Action::release,
                              Action::bounce, Action::remove, Action::remove})
    bench.run(bench.queue().apply(action, id));
  CHECK(bench.facts.names() == "held released returned removed removed");
  CHECK(bench.facts.seen[3].recipient == "bob@a.example");
  CHECK(bench.facts.seen[4].recipient == "eve@a.example");
  for (const Fact& fact : bench.facts.seen) CHECK(fact.id == id);
}
