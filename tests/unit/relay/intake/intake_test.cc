// tests/unit/relay/intake/intake_test.cc: what becomes of messages by each door, over a real queue
// and real mailboxes.
#include <catch2/catch.hpp>

#include "core/async/thread_pool.h"
#include "core/net/dns.h"
#include "delivery/attempt/courier.h"
#include "mailbox/store/hub.h"
#include "relay/config/config.h"
#include "relay/config/delivery_settings.h"
#include "relay/intake/mail_intake.h"
#include "tests/unit/queue/recording.h"
#include "tests/unit/queue/redis_server.h"

using namespace postern;
using namespace postern::relay;
using namespace std::chrono_literals;
using queue::FactKind;

namespace {

mail::EmailAddress address(std::string_view text) { return *mail::EmailAddress::parse(text); }

mailbox::MessageIndexer indexer() {
  return [](std::string_view) { return mailbox::Summary{"NIL", "NIL", "NIL"}; };
}

std::shared_ptr<const Snapshot> office() {
  const auto config = std::make_shared<Config>();
  config->hostname = "mail.office.example";
  config->postmaster = "postmaster@office.example";
  config->domains["office.example"];
  const auto snapshot = std::make_shared<Snapshot>();
  snapshot->config = config;
  return snapshot;
}

/// ann@office.example has a mailbox; all@ is ann and far@away.example, few@ is ann.
struct Bench {
  RedisServer server;
  Folder data;
  Loop loop;
  ThreadPool pool{3, 200};
  queue::Recording facts;
  queue::Node node{data.path};
  queue::Queue queue{
      loop, node, pool, {.redis = server.url(), .spool = data.path / "spool", .facts = {{&facts}}}};
  net::Resolver resolver{loop, {*net::Address::parse("127.0.0.1:1")}};
  mailbox::AccountHub hub{loop, pool, {.folder = (data.path / "mailboxes").string()}, indexer()};
  mailbox::Mailboxes mailboxes;
  policy::Accounts accounts{data.path / "accounts.db", 10};
  std::shared_ptr<const Snapshot> snapshot = office();
  std::shared_ptr<const delivery::Settings> settings = delivery_settings(*snapshot->config);
  Directory directory{accounts, pool, snapshot};
  delivery::Router router{settings, directory};
  delivery::Courier courier{loop, pool, settings};
  delivery::Dispatcher dispatcher{{.loop = loop,
                                   .pool = pool,
                                   .queue = queue,
                                   .resolver = resolver,
                                   .mailboxes = mailboxes,
                                   .local = directory,
                                   .router = router,
                                   .couriers = {&courier},
                                   .lease_is_fresh = [] { return false; },
                                   .resigner = [] { return delivery::Resigner(); }},
                                  settings};
  MailIntake intake{{.queue = queue,
                     .dispatcher = dispatcher,
                     .router = router,
                     .directory = directory,
                     .mailboxes = mailboxes,
                     .facts = {{&facts}},
                     .spool = {pool, data.path / "spool", node.writer()},
                     .signing = pool},
                    snapshot};

  Bench() {
    mailboxes.add(hub);
    REQUIRE(accounts.add(address("ann@office.example"), "secret", {}, false));
    REQUIRE(accounts.add_alias(address("all@office.example"),
                               {address("ann@office.example"), address("far@away.example")}));
    REQUIRE(accounts.add_alias(address("few@office.example"), {address("ann@office.example")}));
    run(queue.start(5s));
  }
  ~Bench() { run(end()); }
  Task<> end() {
    co_await dispatcher.stop(10ms);
    co_await courier.stop();
    co_await hub.close();
    co_await queue.stop();
  }
  template <class T>
  T run(Task<T> task) {
    return loop.run_until_done(std::move(task));
  }
  Origin origin(Door door) {
    Origin made;
    made.door = door;
    made.peer = *net::Address::parse("127.0.0.1:9");
    made.protocol = door == Door::lmtp ? "LMTP" : "HTTP";
    made.is_local = door == Door::submission;
    return made;
  }
  std::vector<Acceptance> bring(Door door, std::vector<std::string> recipients) {
    return run(take(origin(door), std::move(recipients)));
  }
  Task<std::vector<Acceptance>> take(Origin from, std::vector<std::string> recipients) {
    mail::Envelope envelope;
    envelope.sender = address("bob@elsewhere.example");
    std::vector<Admitted> admitted;
    for (const std::string& text : recipients) {
      auto one = co_await intake.admit(from, envelope.sender, {address(text), {}, {}});
      REQUIRE(one.has_value());
      admitted.push_back(std::move(*one));
    }
    auto reception = intake.begin(std::move(from), std::move(envelope), std::move(admitted));
    co_await reception->write("Subject: hi\r\nMessage-ID: <1@x>\r\n\r\nHello\r\n");
    co_return co_await reception->finish();
  }
  /// Of what intake decides, in which no delivery has a part.
  std::string names_until(std::size_t count) {
    queue::Recording first;
    first.seen.assign(facts.seen.begin(), facts.seen.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                   count, facts.seen.size())));
    return first.names();
  }
};

}  // namespace

TEST_CASE("a message for the queue is accepted under the id that its facts have") {
  Bench bench;
  const auto outcomes = bench.bring(Door::submission, {"ann@office.example"});
  REQUIRE(outcomes.size() == 1);
  REQUIRE(outcomes[0].has_value());
  CHECK_FALSE(outcomes[0]->delivered_to);
  REQUIRE(bench.names_until(1) == "accepted");
  const queue::Fact& accepted = bench.facts.seen[0];
  CHECK(accepted.id == outcomes[0]->id);
  CHECK(accepted.sender == "<bob@elsewhere.example>");
  CHECK(accepted.recipients == 1);
  CHECK(accepted.message_id == "<1@x>");
  CHECK(accepted.protocol == "HTTP");
  CHECK(accepted.address == "127.0.0.1:9");
  CHECK(accepted.size > 40);
  CHECK(bench.facts.count(FactKind::expanded) == 0);
}

TEST_CASE("an alias is told as expanded, with where it leads") {
  Bench bench;
  REQUIRE(bench.bring(Door::submission, {"all@office.example"})[0].has_value());
  REQUIRE(bench.names_until(2) == "accepted expanded");
  CHECK(bench.facts.seen[0].recipients == 2);
  CHECK(bench.facts.seen[1].recipient == "all@office.example");
  CHECK(bench.facts.seen[1].recipients == 2);
  CHECK(bench.facts.seen[1].reply.contains("ann@office.example"));
  CHECK(bench.facts.seen[1].reply.contains("far@away.example"));
}

TEST_CASE("LMTP answers for each recipient, and tells what went straight into a mailbox") {
  Bench bench;
  const auto outcomes = bench.bring(Door::lmtp, {"ann@office.example", "few@office.example"});
  REQUIRE(outcomes.size() == 2);
  REQUIRE((outcomes[0].has_value() && outcomes[1].has_value()));
  CHECK(outcomes[0]->delivered_to == address("ann@office.example"));
  CHECK(outcomes[1]->delivered_to == address("few@office.example"));
  CHECK(bench.facts.names() == "delivered delivered accepted expanded");
  CHECK(bench.facts.seen[0].next_hop.starts_with("local:"));
  CHECK(bench.facts.seen[2].recipients == 2);
  CHECK(bench.facts.seen[2].protocol == "LMTP");
  CHECK(bench.facts.seen[3].recipient == "few@office.example");
  for (const queue::Fact& fact : bench.facts.seen) CHECK(fact.id == outcomes[0]->id);
}

TEST_CASE("what goes on from an LMTP recipient is accepted by the queue, and told once") {
  Bench bench;
  const auto outcomes = bench.bring(Door::lmtp, {"all@office.example"});
  REQUIRE(outcomes[0].has_value());
  CHECK_FALSE(outcomes[0]->delivered_to);
  CHECK(bench.names_until(3) == "delivered accepted expanded");
  CHECK(bench.facts.count(FactKind::accepted) == 1);
}

TEST_CASE(
    "while the queue is away LMTP tells what the mailboxes took, and of no alias that waits") {
  Bench bench;
  bench.server.kill();
  const auto outcomes = bench.bring(Door::lmtp, {"ann@office.example", "all@office.example"});
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[0].has_value());
  REQUIRE_FALSE(outcomes[1].has_value());
  CHECK(outcomes[1].error().why == Reason::queue_away);
  CHECK(bench.facts.count(FactKind::accepted) == 1);
  CHECK(bench.facts.seen.back().kind == FactKind::accepted);
  CHECK(bench.facts.seen.back().recipients == 1);
  CHECK(bench.facts.count(FactKind::expanded) == 0);
}

TEST_CASE("a refusal names its reason, whom it is about, and is told to nobody") {
  Bench bench;
  const auto admit = [&](Door door, const char* text) {
    const auto made = bench.run(bench.intake.admit(
        bench.origin(door), address("bob@elsewhere.example"), {address(text), {}, {}}));
    REQUIRE_FALSE(made.has_value());
    return made.error();
  };
  CHECK(admit(Door::mx, "x@far.example").why == Reason::no_relay);
  CHECK(admit(Door::mx, "x@far.example").address == "x@far.example");
  CHECK(admit(Door::lmtp, "x@far.example").why == Reason::not_local);
  CHECK(admit(Door::mx, "nobody@office.example").why == Reason::no_mailbox);
  CHECK(bench.facts.seen.empty());
}
