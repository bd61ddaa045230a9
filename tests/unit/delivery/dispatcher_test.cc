// tests/unit/delivery/dispatcher_test.cc: the dispatcher over a real queue, real mailboxes and
// scripted hosts.
#include "delivery/attempt/dispatcher.h"

#include <catch2/catch.hpp>

#include "core/async/task_group.h"
#include "core/async/thread_pool.h"
#include "core/async/timer.h"
#include "core/net/dns.h"
#include "delivery/attempt/courier.h"
#include "mailbox/store/hub.h"
#include "queue/node/heartbeat.h"
#include "queue/spool/spool.h"
#include "tests/support/eventually.h"
#include "tests/unit/delivery/scripted_server.h"
#include "tests/unit/queue/recording.h"
#include "tests/unit/queue/redis_server.h"

using namespace postern;
using namespace postern::delivery;
using namespace std::chrono_literals;
using postern::test::eventually;
using postern::test::Script;
using postern::test::ScriptedServer;
using queue::FactKind;

namespace {

mail::EmailAddress address(std::string_view text) { return *mail::EmailAddress::parse(text); }

/// ann and postmaster @office.example have mailboxes; ann's may be full, and a look-up may break.
struct TwoAccounts final : LocalAddresses {
  bool breaks = false;
  std::optional<std::uint64_t> quota;
  std::optional<mail::EmailAddress> postmaster_alias;
  bool is_local(const mail::Domain& domain) const override {
    return domain.text() == "office.example";
  }
  Task<std::vector<mail::EmailAddress>> expand(mail::EmailAddress given) override {
    const bool is_alias = postmaster_alias && given.local_part() == "postmaster";
    co_return std::vector{is_alias ? *postmaster_alias : given};
  }
  std::vector<mail::EmailAddress> stand_ins(const mail::EmailAddress&) const override { return {}; }
  Task<std::optional<LocalAccount>> find_account(mail::EmailAddress given) override {
    if (!is_local(given.domain())) co_return std::nullopt;
    co_return co_await account_by_id(given.local_part());
  }
  Task<std::optional<LocalAccount>> account_by_id(std::string id) override {
    if (std::exchange(breaks, false)) throw std::logic_error("nobody expected this");
    if (id == "ann") co_return LocalAccount{id, quota};
    if (id == "postmaster") co_return LocalAccount{id, {}};
    co_return std::nullopt;
  }
};

const Script greeting{">220 mx", "<EHLO", ">250-mx", ">250 PIPELINING"};
Script reply_to_rcpt(std::string reply) {
  Script script = greeting;
  const bool ok = reply.starts_with("250");
  for (const std::string& step :
       {std::string("<MAIL"), std::string("<RCPT"), std::string("<DATA"), std::string(">250 ok"),
        ">" + reply, std::string(ok ? ">354 go" : ">503 no")})
    script.push_back(step);
  if (ok) script.insert(script.end(), {"<.", ">250 taken"});
  script.push_back("wait");
  return script;
}

/// What Redis answers to TIME.
std::chrono::milliseconds milliseconds_of(const redis::Reply& time) {
  return std::chrono::seconds(std::stoll(time.at(0).text)) +
         std::chrono::milliseconds(std::stoll(time.at(1).text) / 1000);
}

std::string sign_again(std::string_view) { return "DKIM-Signature: again\r\n"; }

mailbox::MessageIndexer indexer() {
  return [](std::string_view) { return mailbox::Summary{"NIL", "NIL", "NIL"}; };
}

struct Bench {
  RedisServer server;
  Folder data;
  Loop loop;
  ThreadPool pool{3, 200};
  queue::Recording facts;
  queue::Node node{data.path};
  queue::Queue queue{
      loop, node, pool, {.redis = server.url(), .spool = data.path / "spool", .facts = {{&facts}}}};
  queue::Heartbeat heartbeat{queue, {}};
  net::Resolver resolver{loop, {*net::Address::parse("127.0.0.1:1")}};
  mailbox::AccountHub hub{loop, pool, {.folder = (data.path / "mailboxes").string()}, indexer()};
  mailbox::Mailboxes mailboxes;
  TwoAccounts local;
  std::shared_ptr<Settings> settings = std::make_shared<Settings>();
  std::unique_ptr<Router> router;
  std::unique_ptr<Courier> courier;
  std::unique_ptr<Dispatcher> dispatcher;

  Bench() {
    settings->hostname = "mail.office.example";
    settings->postmaster = "postmaster@office.example";
    settings->command_timeout = 1s;
    settings->retry = {
        .first = 200ms, .factor = 1, .max = 200ms, .jitter = 0, .expire = 60s, .warn_after = 30s};
    mailboxes.add(hub);
  }
  template <class T>
  T run(Task<T> task) {
    return loop.run_until_done(std::move(task));
  }
  void start() {
    router = std::make_unique<Router>(settings, local);
    courier = std::make_unique<Courier>(loop, pool, settings);
    dispatcher = std::make_unique<Dispatcher>(
        DispatcherParts{.loop = loop,
                        .pool = pool,
                        .queue = queue,
                        .resolver = resolver,
                        .mailboxes = mailboxes,
                        .local = local,
                        .router = *router,
                        .couriers = {courier.get()},
                        .lease_is_fresh = [this] { return node.still_ours(loop.now()); },
                        .resigner = [] { return sign_again; }},
        settings);
    run(begin());
  }
  Task<> begin() {
    co_await queue.start(5s);
    co_await heartbeat.start();
    dispatcher->start();
  }
  ~Bench() { run(end()); }
  Task<> end() {
    if (dispatcher) {
      co_await dispatcher->stop(100ms);
      co_await courier->stop();
      co_await heartbeat.stop();
    }
    co_await hub.close();
    co_await queue.stop();
  }

  queue::NewMessage message(std::string_view next_hop, std::string recipient) {
    queue::NewMessage made;
    made.id = queue::make_queue_id(std::chrono::system_clock::now());
    made.sender = address("ann@office.example");
    made.message_id = "<1@office.example>";
    made.received = std::chrono::system_clock::now();
    made.body =
        queue::Body::in_memory("Subject: hi\r\nMessage-ID: <1@office.example>\r\n\r\nHello\r\n");
    made.size = made.body.size();
    made.deliveries = {{*queue::parse_next_hop(next_hop), {{address(recipient), "", {}}}}};
    return made;
  }
  void submit(queue::NewMessage message) { run(commit(std::move(message))); }
  Task<> commit(queue::NewMessage message) {
    auto leases = co_await queue.commit(std::move(message));
    REQUIRE(leases.has_value());
    dispatcher->take(std::move(*leases));
  }
  /// Waits until the queue holds nothing, at most `limit`.
  bool drained(std::chrono::milliseconds limit = 5s) {
    return run(test::holds_within(
        limit, [&]() -> Task<bool> { co_return (co_await queue.counts()).messages == 0; }));
  }
  std::vector<std::string> inbox(std::string account) {
    return run(read_inbox(std::move(account)));
  }
  Task<std::vector<std::string>> read_inbox(std::string account) {
    const auto box = co_await hub.open(account);
    const auto folder = co_await box->open_folder("INBOX");
    REQUIRE(folder.has_value());
    std::vector<std::string> messages;
    for (const auto& entry : (*folder)->entries)
      messages.push_back((co_await box->read(&mailbox::MailboxStore::content, (*folder)->id,
                                             entry.uid, 0, ~std::uint64_t{0}))
                             .value_or(""));
    co_return messages;
  }
  std::string via(const ScriptedServer& host) { return "smtp://" + host.address().text(); }
};

}  // namespace

TEST_CASE("a message leaves the queue when the host has taken it") {
  ScriptedServer host({reply_to_rcpt("250 ok")});
  Bench bench;
  bench.start();
  bench.submit(bench.message(bench.via(host), "x@far.example"));
  CHECK(bench.drained());
  CHECK(bench.facts.count(FactKind::relayed) == 1);
  CHECK(bench.facts.names() == "accepted attempt relayed");
  CHECK(bench.inbox("ann").empty());
}

TEST_CASE("a 550 comes back at once as a bounce in the sender's INBOX") {
  ScriptedServer host({reply_to_rcpt("550 5.1.1 No such user")});
  Bench bench;
  bench.start();
  bench.submit(bench.message(bench.via(host), "x@far.example"));
  CHECK(bench.drained(2s));
  const auto mails = bench.inbox("ann");
  REQUIRE(mails.size() == 1);
  CHECK(mails[0].starts_with("Return-Path: <>\r\n"));
  CHECK(mails[0].contains("550 5.1.1 No such user"));
  CHECK(mails[0].contains("Action: failed"));
  CHECK(mails[0].contains("<1@office.example>"));
}

TEST_CASE("only what was signed when it was accepted is signed again when it is converted") {
  for (const bool is_ours : {true, false}) {
    ScriptedServer host({reply_to_rcpt("250 ok")});
    {
      Bench bench;
      bench.start();
      auto message = bench.message(bench.via(host), "x@far.example");
      message.signed_here = is_ours;
      message.body = queue::Body::in_memory(
          "From: ann@office.example\r\nMIME-Version: 1.0\r\n\r\nGr\xc3\xbc\xc3\x9f\x65\r\n");
      message.size = message.body.size();
      bench.submit(std::move(message));
      CHECK(bench.drained());
    }
    host.finish();
    CHECK(std::ranges::count(host.heard, "Gr=C3=BC=C3=9Fe") == 1);
    CHECK(std::ranges::count(host.heard, "DKIM-Signature: again") == (is_ours ? 1 : 0));
  }
}

TEST_CASE("greylisting is tried again on schedule") {
  ScriptedServer host({reply_to_rcpt("450 4.2.0 later"), reply_to_rcpt("250 ok")});
  Bench bench;
  bench.start();
  bench.submit(bench.message(bench.via(host), "x@far.example"));
  CHECK(bench.drained(8s));
  CHECK(bench.facts.count(FactKind::deferred) == 1);
  CHECK(bench.facts.count(FactKind::relayed) == 1);
  CHECK(bench.inbox("ann").empty());
}

TEST_CASE("a host that is down until the end gives one notice and then one bounce") {
  Bench bench;
  bench.settings->retry.expire = 2s;
  bench.settings->retry.warn_after = 500ms;
  bench.start();
  bench.submit(bench.message("smtp://127.0.0.1:1", "x@far.example"));
  CHECK(bench.drained(8s));
  const auto mails = bench.inbox("ann");
  REQUIRE(mails.size() == 2);
  CHECK(mails[0].contains("Action: delayed"));
  CHECK(mails[1].contains("Action: failed"));
  CHECK(bench.facts.count(FactKind::expired) == 1);
}

TEST_CASE("a bounce that cannot be delivered goes to the postmaster, and no further") {
  ScriptedServer host({reply_to_rcpt("550 no")});
  Bench bench;
  bench.start();
  auto bounce = bench.message(bench.via(host), "x@far.example");
  bounce.sender.reset();
  bench.submit(std::move(bounce));
  CHECK(bench.drained());
  CHECK(bench.inbox("postmaster").size() == 1);
  auto last = bench.message("local:nobody", "postmaster@office.example");
  last.sender.reset();
  bench.submit(std::move(last));
  CHECK(bench.drained());
  CHECK(bench.inbox("postmaster").size() == 1);
}

TEST_CASE("a postmaster who lives elsewhere and is refused there hears no report of that") {
  ScriptedServer host({reply_to_rcpt("550 no"), reply_to_rcpt("550 no")});
  Bench bench;
  bench.local.postmaster_alias = address("real@far.example");
  bench.settings->routes = {
      {.to = "far.example", .from = "", .via = *queue::parse_via(bench.via(host))}};
  bench.start();
  auto bounce = bench.message(bench.via(host), "x@far.example");
  bounce.sender.reset();
  bench.submit(std::move(bounce));
  CHECK(bench.drained());
  CHECK(bench.facts.count(FactKind::bounced) == 2);
}

TEST_CASE("a message that goes round in a loop bounces, whether in memory or in the spool") {
  Bench bench;
  bench.start();
  std::string text;
  for (int hop = 0; hop < 101; ++hop) text += "Received: from x by y\r\n";
  text += "Subject: round\r\n\r\nx\r\n";
  std::filesystem::create_directories(bench.data.path / "spool");
  for (const bool in_spool : {false, true}) {
    auto message = bench.message("smtp://127.0.0.1:1", "x@far.example");
    message.body = queue::Body::in_memory(text);
    if (in_spool) {
      queue::SpoolWriter writer(bench.data.path / "spool", message.id, "test");
      writer.write(text);
      message.body = writer.finish();
    }
    message.size = text.size();
    bench.submit(std::move(message));
    CHECK(bench.drained());
    const auto bounced = std::ranges::find(bench.facts.seen, FactKind::bounced, &queue::Fact::kind);
    REQUIRE(bounced != bench.facts.seen.end());
    CHECK(bounced->status == "5.4.6");
    bench.facts.seen.clear();
  }
}

TEST_CASE("NOTIFY decides who hears of success and failure") {
  ScriptedServer host({reply_to_rcpt("250 ok"), reply_to_rcpt("550 no")});
  Bench bench;
  bench.start();
  auto wants = bench.message(bench.via(host), "x@far.example");
  wants.deliveries[0].recipients[0].notify = {.set = true, .success = true};
  bench.submit(std::move(wants));
  CHECK(bench.drained());
  REQUIRE(bench.inbox("ann").size() == 1);
  CHECK(bench.inbox("ann")[0].contains("Action: relayed"));
  auto never = bench.message("reject 5.7.1 Not here", "y@far.example");
  never.deliveries[0].recipients[0].notify = {.set = true, .never = true};
  bench.submit(std::move(never));
  CHECK(bench.drained());
  CHECK(bench.inbox("ann").size() == 1);
}

TEST_CASE("local mail lies in its mailbox; a missing one bounces; a full one makes it wait") {
  Bench bench;
  bench.start();
  bench.submit(bench.message("local:postmaster", "postmaster@office.example"));
  CHECK(bench.drained());
  REQUIRE(bench.inbox("postmaster").size() == 1);
  CHECK(bench.inbox("postmaster")[0].starts_with(
      "Return-Path: <ann@office.example>\r\nSubject: hi\r\n"));
  bench.submit(bench.message("local:gone", "gone@office.example"));
  CHECK(bench.drained());
  REQUIRE(bench.inbox("ann").size() == 1);
  CHECK(bench.inbox("ann")[0].contains("5.1.1"));
  bench.local.quota = 10;
  bench.submit(bench.message("local:ann", "ann@office.example"));
  CHECK_FALSE(bench.drained(500ms));
  CHECK(bench.facts.seen.back().status == "4.2.2");
  bench.local.quota.reset();
  CHECK(bench.drained());
}

TEST_CASE("a try that ends as nobody foresaw is made again, and its place in flight is free") {
  Bench bench;
  bench.start();
  bench.local.breaks = true;
  bench.submit(bench.message("local:postmaster", "postmaster@office.example"));
  CHECK(bench.drained());
  CHECK(bench.facts.count(FactKind::deferred) == 1);
  CHECK(bench.inbox("postmaster").size() == 1);
}

TEST_CASE("a body that is missing from the spool is held, not bounced") {
  ScriptedServer host({greeting});
  Bench bench;
  bench.start();
  auto message = bench.message(bench.via(host), "x@far.example");
  std::filesystem::create_directories(bench.data.path / "spool");
  queue::SpoolWriter writer(bench.data.path / "spool", message.id, "test");
  writer.write("Subject: big\r\n\r\nx\r\n");
  message.body = writer.finish();
  const std::filesystem::path file = message.body.file();
  auto leases = bench.run(bench.queue.commit(std::move(message)));
  REQUIRE(leases.has_value());
  std::filesystem::remove(file);
  bench.dispatcher->take(std::move(*leases));
  CHECK_FALSE(bench.drained(1s));
  CHECK(bench.run(bench.queue.counts()).held == 1);
}

TEST_CASE("what is in flight at a stop goes back and waits for nothing") {
  ScriptedServer host({Script{"wait"}});
  Bench bench;
  bench.settings->command_timeout = 30s;
  bench.start();
  bench.submit(bench.message(bench.via(host), "x@far.example"));
  bench.run(bench.dispatcher->stop(100ms));
  const auto counts = bench.run(bench.queue.counts());
  CHECK(counts.ready == 1);
  CHECK(counts.active == 0);
}

TEST_CASE("what a claim brings when the end has begun goes back in time, too") {
  ScriptedServer host({Script{"wait"}});
  Bench bench;
  bench.settings->command_timeout = 60s;
  bench.start();
  auto leases = bench.run(bench.queue.commit(bench.message(bench.via(host), "x@far.example")));
  REQUIRE(leases.has_value());
  queue::Settlement later;
  later.retry_in = 300ms;
  CHECK(bench.run(bench.queue.settle(leases->front(), later)).ours);
  redis::Connection operators(bench.loop, bench.server.url());
  operators.start();
  const auto due = milliseconds_of(bench.run(operators.call({"TIME"}))) + *later.retry_in;
  const auto end = [&]() -> Task<> {
    co_await bench.heartbeat.stop();  // so that all that Redis keeps waiting is a claim
    co_await operators.call({"CLIENT", "PAUSE", "60000", "WRITE"});
    co_await eventually("a claim is on its way", [&]() -> Task<bool> {
      const redis::Reply clients = co_await operators.call({"INFO", "clients"});
      co_return !clients.text.contains("blocked_clients:0");
    });
    co_await eventually("the message is due", [&]() -> Task<bool> {
      const redis::Reply time = co_await operators.call({"TIME"});
      co_return milliseconds_of(time) > due;
    });
    TaskGroup group;
    group.spawn(with_timeout(4s, bench.dispatcher->stop(200ms)));  // the host hangs up after 5 s
    co_await eventually("the end has begun", [&] { return !bench.dispatcher->has_room(); });
    co_await operators.call({"CLIENT", "UNPAUSE"});
    co_await group.join();
  };
  CHECK_NOTHROW(bench.run(end()));
  CHECK(bench.run(bench.queue.counts()).active == 0);
  bench.run(operators.stop());
}

TEST_CASE("bodies in memory have a bound of their own, however few they are") {
  ScriptedServer host({Script{"wait"}, Script{"wait"}, Script{"wait"}, Script{"wait"}});
  Bench bench;
  bench.settings->command_timeout = 30s;
  bench.start();
  const auto body = queue::Body::in_memory(std::string(64 << 20, 'x'));
  for (int n = 0; n < 4; ++n) {
    CHECK(bench.dispatcher->has_room());
    auto leases = bench.run(bench.queue.commit(bench.message(bench.via(host), "x@far.example")));
    REQUIRE(leases.has_value());
    REQUIRE(leases->size() == 1);
    leases->front().body = body;
    bench.dispatcher->take(std::move(*leases));
  }
  CHECK_FALSE(bench.dispatcher->has_room());
}
