// The courier and its client against servers that say odd things at odd moments.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include "core/async/loop.h"
#include "core/async/task_group.h"
#include "core/async/thread_pool.h"
#include "core/async/timer.h"
#include "delivery/courier.h"
#include "tests/unit/delivery/scripted_server.h"

using namespace postern;
using namespace postern::delivery;
using postern::test::Script;
using postern::test::ScriptedServer;
using Kind = Verdict::Kind;

namespace {

const std::string body = "Subject: x\r\n\r\nhello\r\n.dot\r\n";
const Script greeting{">220 mx ESMTP", "<EHLO", ">250-mx", ">250-PIPELINING", ">250 8BITMIME"};

Script operator+(Script a, const Script& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct Bench {
  Loop loop;
  ThreadPool pool{1, 16};
  std::shared_ptr<Settings> settings = std::make_shared<Settings>();
  bool fresh = true;

  Bench() {
    settings->hostname = "us.example";
    settings->connect_timeout = std::chrono::seconds(2);
    settings->command_timeout = std::chrono::milliseconds(400);
  }
  Job job(std::vector<const ScriptedServer*> servers, std::size_t recipients = 1,
          std::string text = body) {
    Job job{.key = "test",
            .sender = *mail::EmailAddress::parse("s@us.example"),
            .body = queue::Body::in_memory(std::move(text))};
    for (const ScriptedServer* server : servers)
      job.targets.push_back(
          {.host = "mx" + std::to_string(job.targets.size()), .addresses = {server->address()}});
    for (std::size_t n = 0; n < recipients; ++n)
      job.recipients.push_back(
          {*mail::EmailAddress::parse("r" + std::to_string(n) + "@x.example"), "", {}});
    job.lease_is_fresh = [this] { return fresh; };
    return job;
  }
  Task<std::vector<AttemptResult>> all(std::vector<Job> jobs) {
    Courier courier(loop, pool, settings);
    std::vector<AttemptResult> results;
    for (Job& job : jobs) results.push_back(co_await courier.deliver(std::move(job)));
    co_await courier.stop();
    co_return results;
  }
  Task<> keep_result(Courier& courier, Job job, std::vector<AttemptResult>& results) {
    results.push_back(co_await courier.deliver(std::move(job)));
  }
  /// The first one alone, then the others side by side.
  Task<std::vector<AttemptResult>> first_then_together(std::vector<Job> jobs) {
    Courier courier(loop, pool, settings);
    std::vector<AttemptResult> results;
    results.push_back(co_await courier.deliver(std::move(jobs.front())));
    TaskGroup group;
    for (std::size_t at = 1; at < jobs.size(); ++at)
      group.spawn(keep_result(courier, std::move(jobs[at]), results));
    co_await group.join();
    co_await courier.stop();
    co_return results;
  }
  AttemptResult run(Job job) {
    std::vector<Job> jobs;
    jobs.push_back(std::move(job));
    return run(std::move(jobs)).front();
  }
  std::vector<AttemptResult> run(std::vector<Job> jobs) {
    return loop.run_until_done(all(std::move(jobs)));
  }
};

const Script envelope_taken{"<MAIL", "<RCPT", "<DATA", ">250 ok", ">250 ok", ">354 go"};
const Script transaction = envelope_taken + Script{"<.", ">250 ok"};
const Script refusal{"<MAIL", "<RCPT", "<DATA", ">250 ok", ">550 no", ">503 no"};

std::size_t times(const ScriptedServer& server, std::string_view beginning) {
  return static_cast<std::size_t>(std::ranges::count_if(
      server.heard, [&](const std::string& line) { return line.starts_with(beginning); }));
}

AttemptResult one(std::vector<Script> scripts, std::size_t recipients = 1) {
  ScriptedServer server(std::move(scripts));
  Bench bench;
  AttemptResult result = bench.run(bench.job({&server}, recipients));
  server.finish();
  for (const std::string& wrong : server.wrong) INFO(wrong);
  CHECK(server.wrong.empty());
  return result;
}

}  // namespace

TEST_CASE(
    "a message goes out pipelined, its dots stuffed, and is relayed on the reply to its dot") {
  ScriptedServer server(
      {greeting + Script{"<MAIL FROM:<s@us.example>", "<RCPT TO:<r0@x.example>", "<DATA", ">250 ok",
                         ">250 ok", ">354 go", "<.", ">250 2.6.0 taken", "<QUIT", ">221 bye"}});
  Bench bench;
  const AttemptResult result = bench.run(bench.job({&server}));
  server.finish();
  CHECK(server.wrong.empty());
  REQUIRE(result.verdicts.size() == 1);
  CHECK(result.verdicts[0].kind == Kind::relayed);
  CHECK(result.verdicts[0].status.text() == "2.6.0");
  CHECK(std::ranges::count(server.heard, "..dot") == 1);
}

TEST_CASE("without PIPELINING each command waits for its reply, and HELO follows a refused EHLO") {
  const auto result =
      one({{">220 old", "<EHLO", ">500 what", "<HELO", ">250 hi", "<MAIL", ">250 ok", "<RCPT",
            ">250 ok", "<DATA", ">354 go", "<.", ">250 ok", "<QUIT", ">221 bye"}});
  CHECK(result.verdicts[0].kind == Kind::relayed);
}

TEST_CASE("each recipient has a verdict of its own") {
  const auto result = one(
      {greeting + Script{"<MAIL", "<RCPT", "<RCPT", "<RCPT", "<DATA", ">250 ok", ">250 ok",
                         ">550 5.1.1 no", ">450 4.2.1 later", ">354 go", "<.", ">250 ok", "wait"}},
      3);
  CHECK(result.verdicts[0].kind == Kind::relayed);
  CHECK(result.verdicts[1].kind == Kind::failed);
  CHECK(result.verdicts[1].reply == "550 5.1.1 no");
  CHECK(result.verdicts[2].kind == Kind::deferred);
}

TEST_CASE("all recipients refused but 354: a lone dot, and nothing counts as delivered") {
  ScriptedServer server({greeting + Script{"<MAIL", "<RCPT", "<DATA", ">250 ok", ">550 no",
                                           ">354 go", "<.", ">250 ok?", "wait"}});
  Bench bench;
  const auto result = bench.run(bench.job({&server}));
  server.finish();
  CHECK(result.verdicts[0].kind == Kind::failed);
  CHECK(std::ranges::count(server.heard, ".") == 1);
  CHECK(std::ranges::count(server.heard, "hello") == 0);
}

TEST_CASE("what finds no room for now goes in the next transaction at once") {
  const auto result = one(
      {greeting + Script{"<MAIL", "<RCPT", "<RCPT", "<DATA", ">250 ok", ">250 ok", ">452 too many",
                         ">354 go", "<.", ">250 first", "<MAIL", "<RCPT TO:<r1@", "<DATA",
                         ">250 ok", ">250 ok", ">354 go", "<.", ">250 second", "wait"}},
      2);
  CHECK(result.verdicts[0].reply == "250 first");
  CHECK(result.verdicts[1].reply == "250 second");
}

TEST_CASE("more than a hundred recipients are split") {
  Script script = greeting;
  for (const int batch : {100, 1}) {
    script.push_back("<MAIL");
    for (int n = 0; n < batch; ++n) script.push_back("<RCPT");
    script.push_back("<DATA");
    for (int n = 0; n < batch + 1; ++n) script.push_back(">250 ok");
    script = script + Script{">354 go", "<.", ">250 ok"};
  }
  script.push_back("wait");
  const auto result = one({script}, 101);
  CHECK(std::ranges::all_of(result.verdicts, &Verdict::is_success));
}

TEST_CASE("5xx to MAIL, DATA or the dot is final; to the banner or EHLO it is not") {
  CHECK(one({greeting + Script{"<MAIL", "<RCPT", "<DATA", ">550 no", ">503 x", ">503 x", "wait"}})
            .verdicts[0]
            .kind == Kind::failed);
  CHECK(one({greeting + Script{"<MAIL", "<RCPT", "<DATA", ">250 ok", ">250 ok", ">554 no", "wait"}})
            .verdicts[0]
            .kind == Kind::failed);
  CHECK(one({greeting + Script{"<MAIL", "<RCPT", "<DATA", ">250 ok", ">250 ok", ">354 go", "<.",
                               ">550 spam", "wait"}})
            .verdicts[0]
            .kind == Kind::failed);
  const auto banner = one({{">554 go away", "wait"}});
  CHECK(banner.verdicts[0].kind == Kind::deferred);
  CHECK(banner.verdicts[0].status.klass == 4);
  CHECK(one({{">220 x", "<EHLO", ">550 no", "<HELO", ">550 no", "wait"}}).verdicts[0].kind ==
        Kind::deferred);
}

TEST_CASE("a stray 250 is never taken for delivery") {
  // Before the dot: the reply to DATA is not 354.
  CHECK(one({greeting + Script{"<MAIL", "<RCPT", "<DATA", ">250 ok", ">250 stray", ">250 ok",
                               ">354 go", "wait"}})
            .verdicts[0]
            .kind == Kind::deferred);
  // With the 354.
  CHECK(one({greeting + Script{"<MAIL", "<RCPT", "<DATA", ">250 ok", ">250 ok",
                               ">>354 go\r\n250 stray\r\n", "wait"}})
            .verdicts[0]
            .kind == Kind::deferred);
}

TEST_CASE("what is no reply breaks off and defers") {
  for (const char* odd : {">OK", ">250", ">999 x", ">150 x", ">250-a\r\n550 b", ">354 go"})
    CHECK(one({greeting + Script{"<MAIL", "<RCPT", "<DATA", odd, "wait"}}).verdicts[0].kind ==
          Kind::deferred);
  CHECK(one({{">" + std::string(100'000, 'x'), "wait"}}).verdicts[0].kind == Kind::deferred);
}

TEST_CASE("a host that stalls is left at every step, and the mail waits") {
  const Script whole = greeting + Script{"<MAIL",   "<RCPT",   "<DATA", ">250 ok",
                                         ">250 ok", ">354 go", "<.",    ">250 ok"};
  for (std::size_t steps = 0; steps < whole.size(); ++steps) {
    if (steps < whole.size() - 1 && whole[steps].starts_with('<')) continue;
    Script cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(steps));
    INFO("after " << steps << " steps");
    CHECK(one({cut + Script{"wait"}}).verdicts[0].kind == Kind::deferred);
    CHECK(one({cut + Script{"close"}}).verdicts[0].kind == Kind::deferred);
  }
}

TEST_CASE("a connection that breaks after the dot is uncertain and not tried elsewhere") {
  ScriptedServer first({greeting + Script{"<MAIL", "<RCPT", "<DATA", ">250 ok", ">250 ok",
                                          ">354 go", "<.", "close"}});
  ScriptedServer second({greeting + Script{"wait"}});
  Bench bench;
  const auto result = bench.run(bench.job({&first, &second}));
  second.finish();
  CHECK(result.uncertain);
  CHECK(result.verdicts[0].kind == Kind::deferred);
  CHECK(second.connections == 0);
}

TEST_CASE("trouble with a host leads to the next one in the same attempt; greylisting does not") {
  const Script good = greeting + Script{"<MAIL",   "<RCPT", "<DATA",       ">250 ok", ">250 ok",
                                        ">354 go", "<.",    ">250 second", "wait"};
  for (const Script& bad : {Script{">421 busy", "wait"}, Script{">554 no", "wait"}, Script{"close"},
                            Script{">220 x", "<EHLO", ">421 no", "wait"},
                            greeting + Script{"<MAIL", "<RCPT", "<DATA", ">421 bye", "wait"},
                            greeting + Script{"<MAIL", "close"}}) {
    ScriptedServer first({bad}), second({good});
    Bench bench;
    CHECK(bench.run(bench.job({&first, &second})).verdicts[0].reply == "250 second");
  }
  ScriptedServer first(
      {greeting + Script{"<MAIL", "<RCPT", "<DATA", ">250 ok", ">450 later", ">503 no", "wait"}}),
      second({good});
  Bench bench;
  CHECK(bench.run(bench.job({&first, &second})).verdicts[0].reply == "450 later");
  second.finish();
  CHECK(second.connections == 0);
}

TEST_CASE("a connection serves the next message; one that has died is replaced") {
  ScriptedServer server({greeting + transaction + transaction + Script{"close"},
                         greeting + transaction + Script{"wait"}});
  Bench bench;
  std::vector<Job> jobs;
  for (int n = 0; n < 3; ++n) jobs.push_back(bench.job({&server}));
  for (const auto& result : bench.run(std::move(jobs))) CHECK(result.verdicts[0].is_success());
  server.finish();
  CHECK(server.connections == 2);
  CHECK(server.wrong.empty());
}

TEST_CASE("RSET goes before the next message when the last one was refused") {
  ScriptedServer server(
      {greeting + Script{"<MAIL", "<RCPT", "<DATA", ">250 ok", ">550 no", ">503 no", "<RSET",
                         ">250 ok", "<MAIL", "<RCPT", "<DATA", ">250 ok", ">250 ok", ">354 go",
                         "<.", ">250 ok", "wait"}});
  Bench bench;
  std::vector<Job> jobs;
  jobs.push_back(bench.job({&server}));
  jobs.push_back(bench.job({&server}));
  const auto results = bench.run(std::move(jobs));
  CHECK(results[0].verdicts[0].kind == Kind::failed);
  CHECK(results[1].verdicts[0].is_success());
}

TEST_CASE("a stale lease sends no MAIL") {
  ScriptedServer server({greeting + Script{"wait"}});
  Bench bench;
  bench.fresh = false;
  CHECK(bench.run(bench.job({&server})).verdicts[0].kind == Kind::deferred);
  server.finish();
  CHECK(std::ranges::none_of(server.heard,
                             [](const std::string& line) { return line.starts_with("MAIL"); }));
}

TEST_CASE("TLS: in the clear only when the handshake fails and nothing demands it") {
  const Script offering{">220 mx",
                        "<EHLO",
                        ">250-mx",
                        ">250 STARTTLS",
                        "<STARTTLS",
                        ">220 go",
                        ">>this is no TLS record at all",
                        "close"};
  const Script clear{">220 mx", "<EHLO",   ">250-mx", ">250 STARTTLS", "<MAIL",
                     ">250 ok", "<RCPT",   ">250 ok", "<DATA",         ">354 go",
                     "<.",      ">250 ok", "wait"};
  {
    ScriptedServer server({offering, clear});
    Bench bench;
    const auto result = bench.run(bench.job({&server}));
    CHECK(result.verdicts[0].is_success());
    CHECK(result.tls.empty());
  }
  for (const Script& script :
       {offering, Script{">220 mx", "<EHLO", ">250 mx", "wait"},
        Script{">220 mx", "<EHLO", ">250-mx", ">250 STARTTLS", "<STARTTLS", ">554 no", "wait"}}) {
    ScriptedServer server({script, clear});
    Bench bench;
    Job job = bench.job({&server});
    job.targets[0].tls = TlsDemand::required;
    const auto result = bench.run(std::move(job));
    CHECK(result.verdicts[0].kind == Kind::deferred);
    CHECK(result.verdicts[0].status.subject == 7);
    server.finish();
    CHECK(server.connections == 1);
  }
}

TEST_CASE("a password is never said in the clear") {
  ScriptedServer server({{">220 mx", "<EHLO", ">250-mx", ">250 AUTH PLAIN", "wait"}});
  Bench bench;
  Job job = bench.job({&server});
  job.targets[0].user = "me";
  job.targets[0].password = "secret";
  job.targets[0].tls = TlsDemand::verified;
  CHECK(bench.run(std::move(job)).verdicts[0].kind == Kind::deferred);
  server.finish();
  CHECK(std::ranges::none_of(server.heard,
                             [](const std::string& line) { return line.starts_with("AUTH"); }));
}

TEST_CASE("LMTP gives each recipient its own reply after the dot") {
  ScriptedServer server({{">220 lmtp", "<LHLO", ">250-x", ">250 PIPELINING", "<MAIL", "<RCPT",
                          "<RCPT", "<DATA", ">250 ok", ">250 ok", ">250 ok", ">354 go", "<.",
                          ">250 stored", ">552 5.2.2 full", "wait"}});
  Bench bench;
  Job job = bench.job({&server}, 2);
  job.targets[0].protocol = Protocol::lmtp;
  const auto result = bench.run(std::move(job));
  CHECK(result.verdicts[0].kind == Kind::delivered);
  CHECK(result.verdicts[1].kind == Kind::failed);
  CHECK(result.verdicts[1].status.text() == "5.2.2");
}

TEST_CASE("a host without 8BITMIME gets 7 bit") {
  ScriptedServer server({{">220 old", "<EHLO", ">250-x", ">250 PIPELINING", "<MAIL", "<RCPT",
                          "<DATA", ">250 ok", ">250 ok", ">354 go", "<.", ">250 ok", "wait"}});
  Bench bench;
  Job job = bench.job({&server}, 1,
                      "MIME-Version: 1.0\r\nContent-Type: text/plain; "
                      "charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbc\xc3\x9f"
                      "e\r\n");
  job.resign = [](std::string_view) { return std::string("DKIM-Signature: again\r\n"); };
  CHECK(bench.run(std::move(job)).verdicts[0].is_success());
  server.finish();
  for (const std::string& line : server.heard)
    for (const char c : line) CHECK(static_cast<unsigned char>(c) < 128);
  CHECK(std::ranges::count(server.heard, "DKIM-Signature: again") == 1);
}

TEST_CASE("a reply that is still owed never serves the next message") {
  // MAIL is refused, which settles all; but the replies to RCPT and DATA do not
  // come.
  ScriptedServer server({greeting + Script{"<MAIL", "<RCPT", "<DATA", ">550 no", "wait"},
                         greeting + transaction + Script{"wait"}});
  Bench bench;
  std::vector<Job> jobs;
  jobs.push_back(bench.job({&server}));
  jobs.push_back(bench.job({&server}));
  const auto results = bench.run(std::move(jobs));
  server.finish();
  CHECK(results[0].verdicts[0].kind == Kind::failed);
  CHECK(results[1].verdicts[0].is_success());
  CHECK(server.connections == 2);
  CHECK(times(server, "RSET") == 0);
}

TEST_CASE("words that nobody asked for are never the reply to the next message") {
  // Taken for the reply to MAIL, the stray 250 would turn r1's 550 into the
  // reply to DATA.
  ScriptedServer server(
      {greeting + envelope_taken + Script{"<.", ">>250 taken\r\n250 stray\r\n", "wait"},
       greeting + Script{"<MAIL", "<RCPT", "<RCPT", "<DATA", ">250 ok", ">250 ok", ">550 no",
                         ">354 go", "<.", ">250 ok", "wait"}});
  Bench bench;
  std::vector<Job> jobs;
  jobs.push_back(bench.job({&server}));
  jobs.push_back(bench.job({&server}, 2));
  const auto results = bench.run(std::move(jobs));
  server.finish();
  CHECK(results[1].verdicts[0].is_success());
  CHECK(results[1].verdicts[1].kind == Kind::failed);
  CHECK(server.connections == 2);
}

TEST_CASE("a body that breaks off in the middle leaves the connection to nobody else") {
  const auto file =
      std::filesystem::temp_directory_path() / ("postern-body-" + std::to_string(::getpid()));
  std::ofstream(file) << "Subject: x\r\n\r\nhel";
  ScriptedServer server({{">220 mx", "<EHLO", ">250-mx", ">250-PIPELINING", ">250 8BITMIME",
                          "<MAIL", "<RCPT", "<DATA", ">250 ok", ">250 ok", ">354 go", "wait"},
                         greeting + transaction + Script{"wait"}});
  Bench bench;
  std::vector<Job> jobs;
  jobs.push_back(bench.job({&server}));
  jobs.back().body = queue::Body::in_spool(file, 1000);  // it was accepted with 1000 octets
  jobs.push_back(bench.job({&server}));
  const auto results = bench.run(std::move(jobs));
  server.finish();
  std::filesystem::remove(file);
  CHECK(results[0].body_missing);
  CHECK(results[0].verdicts[0].kind == Kind::deferred);
  CHECK(results[1].verdicts[0].is_success());
  CHECK(times(server, "RSET") == 0);
}

TEST_CASE("what one message needs of a host is no trouble for the next one") {
  ScriptedServer server({greeting + transaction + Script{"wait"}});
  Bench bench;
  std::vector<Job> jobs;
  jobs.push_back(bench.job({&server}));
  jobs.back().smtputf8 = true;
  jobs.back().recipients = {{*mail::EmailAddress::parse("j\xc3\xb6rg@x.example"), "", {}}};
  jobs.push_back(bench.job({&server}));
  const auto results = bench.run(std::move(jobs));
  CHECK(results[0].verdicts[0].kind == Kind::failed);
  CHECK(results[0].verdicts[0].status.text() == "5.6.7");
  CHECK(results[1].verdicts[0].is_success());
}

TEST_CASE("a bare line end never reaches the wire, and the host gets no dot") {
  for (const char* text : {"Subject: x\r\n\r\na\nb\r\n", "Subject: x\r\n\r\na\rb\r\n",
                           "Subject: x\r\n\r\na\n.\r\nMAIL FROM:<evil@x.example>\r\n"}) {
    ScriptedServer server(
        {greeting + envelope_taken + Script{"wait"}, greeting + envelope_taken + Script{"wait"}});
    Bench bench;
    const auto result = bench.run(bench.job({&server}, 1, text));
    server.finish();
    CHECK(result.verdicts[0].kind == Kind::failed);
    CHECK(result.verdicts[0].status.text() == "5.6.0");
    CHECK(times(server, ".") == 0);
    for (const std::string& line : server.heard) {
      CHECK(line.find('\n') == std::string::npos);
      CHECK(line.find('\r') == std::string::npos);
    }
  }
}

TEST_CASE("a line of more than 998 octets is never folded: its body is encoded and signed again") {
  const std::string line(2000, 'x');
  ScriptedServer server(
      {greeting + envelope_taken + Script{"wait"}, greeting + transaction + Script{"wait"}});
  Bench bench;
  Job job = bench.job({&server}, 1, "Subject: x\r\n\r\n" + line + "\r\n");
  job.resign = [](std::string_view) { return std::string("DKIM-Signature: again\r\n"); };
  CHECK(bench.run(std::move(job)).verdicts[0].is_success());
  server.finish();
  CHECK(std::ranges::all_of(server.heard, [](const std::string& l) { return l.size() <= 998; }));
  CHECK(times(server, "Content-Transfer-Encoding: quoted-printable") == 1);
  CHECK(times(server, "DKIM-Signature: again") == 1);

  ScriptedServer other(
      {greeting + envelope_taken + Script{"wait"}, greeting + envelope_taken + Script{"wait"}});
  const auto result = bench.run(bench.job({&other}, 1, "Subject: " + line + "\r\n\r\nhello\r\n"));
  CHECK(result.verdicts[0].status.text() == "5.6.0");
}

TEST_CASE("552 at RCPT is final, but for who comes after others were taken") {
  CHECK(one({greeting +
             Script{"<MAIL", "<RCPT", "<DATA", ">250 ok", ">552 too big", ">503 no", "wait"}})
            .verdicts[0]
            .kind == Kind::failed);
  const auto full = one({greeting + Script{"<MAIL", "<RCPT", "<RCPT", "<DATA", ">250 ok", ">250 ok",
                                           ">552 5.2.2 full", ">354 go", "<.", ">250 ok", "wait"}},
                        2);
  CHECK(full.verdicts[1].kind == Kind::failed);
  const auto crowded = one(
      {greeting + Script{"<MAIL", "<RCPT", "<RCPT", "<DATA", ">250 ok", ">250 ok", ">552 too many",
                         ">354 go", "<.", ">250 first", "<MAIL", "<RCPT TO:<r1@", "<DATA",
                         ">250 ok", ">250 ok", ">354 go", "<.", ">250 second", "wait"}},
      2);
  CHECK(crowded.verdicts[1].reply == "250 second");
}

TEST_CASE("452 for everybody makes everybody wait") {
  const auto result = one({greeting + Script{"<MAIL", "<RCPT", "<RCPT", "<DATA", ">250 ok",
                                             ">452 no", ">452 no", ">503 no", "wait"}},
                          2);
  for (const Verdict& verdict : result.verdicts) CHECK(verdict.kind == Kind::deferred);
}

TEST_CASE("421 halves the number of conversations") {
  ScriptedServer server({greeting + envelope_taken + Script{"<.", ">421 too busy", "close"},
                         {">220 mx", "<EHLO", "alone", ">250 PIPELINING", "<MAIL", "close"},
                         {">220 mx", "<EHLO", "alone", ">250 PIPELINING", "<MAIL", "close"}});
  Bench bench;
  bench.settings->initial_concurrency = 2;
  std::vector<Job> jobs;
  for (int n = 0; n < 3; ++n) jobs.push_back(bench.job({&server}));
  const auto results = bench.loop.run_until_done(bench.first_then_together(std::move(jobs)));
  server.finish();
  CHECK(results[0].verdicts[0].kind == Kind::deferred);
  CHECK(server.wrong.empty());
}

TEST_CASE("trouble at RSET, MAIL or QUIT after a 250 sends nothing twice") {
  for (const Script& end : {Script{"<QUIT", "close"}, Script{"close"}, Script{"wait"}}) {
    ScriptedServer server({greeting + transaction + end});
    Bench bench;
    const auto result = bench.run(bench.job({&server}));
    server.finish();
    CHECK(result.verdicts[0].is_success());
    CHECK(times(server, "MAIL") == 1);
  }
  // Three messages: taken, refused, taken; the host breaks off at the RSET or
  // MAIL that follows.
  for (const Script& end : {Script{"<RSET", "close"}, Script{"<RSET", ">421 bye", "close"},
                            Script{"<RSET", ">250 ok", "<MAIL", "close"}}) {
    ScriptedServer server(
        {greeting + transaction + refusal + end, greeting + transaction + Script{"wait"}});
    Bench bench;
    std::vector<Job> jobs;
    for (int n = 0; n < 3; ++n) jobs.push_back(bench.job({&server}));
    const auto results = bench.run(std::move(jobs));
    server.finish();
    CHECK(results[0].verdicts[0].is_success());
    CHECK(results[1].verdicts[0].kind == Kind::failed);
    CHECK(results[2].verdicts[0].is_success());
    CHECK(times(server, ".") == 2 + 2);  // two dots, and the stuffed one of each body
  }
}

TEST_CASE("a host that offers DSN gets NOTIFY, ORCPT, RET and ENVID, and reports itself") {
  for (const bool offers : {true, false}) {
    Script script{">220 mx", "<EHLO", ">250-mx"};
    if (offers) script.push_back(">250-DSN");
    ScriptedServer server(
        {script + Script{">250-PIPELINING", ">250 8BITMIME"} + transaction + Script{"wait"}});
    Bench bench;
    Job job = bench.job({&server});
    job.recipients[0].notify = {.set = true, .success = true, .delay = true};
    job.recipients[0].orcpt = "rfc822;a+b@x.example";
    job.envid = "q=1";
    job.ret = mail::Ret::headers;
    const auto result = bench.run(std::move(job));
    server.finish();
    CHECK(result.verdicts[0].kind == (offers ? Kind::transferred : Kind::relayed));
    CHECK(times(server, "MAIL FROM:<s@us.example> RET=HDRS ENVID=q+3D1") == (offers ? 1 : 0));
    CHECK(
        times(server, "RCPT TO:<r0@x.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@x.example") ==
        (offers ? 1 : 0));
    CHECK(times(server, "RCPT TO:<r0@x.example>") == 1);
  }
}

TEST_CASE("STARTTLS makes a new conversation: words before the handshake count for nothing") {
  // "250 ok" in the clear behind the 220 must not answer the EHLO under TLS;
  // here there is no TLS at all, so the handshake fails, and mail that demands
  // TLS waits.
  ScriptedServer server({{">220 mx", "<EHLO", ">250-mx", ">250 STARTTLS", "<STARTTLS",
                          ">>220 go\r\n250-mx\r\n250 PIPELINING\r\n", "wait"}});
  Bench bench;
  Job job = bench.job({&server});
  job.targets[0].tls = TlsDemand::required;
  const auto result = bench.run(std::move(job));
  server.finish();
  CHECK(result.verdicts[0].kind == Kind::deferred);
  CHECK(times(server, "MAIL") == 0);
}
