// tests/unit/delivery/courier_test.cc: the courier against servers that say odd things at odd
// moments.
#include "tests/unit/delivery/courier_bench.h"

using namespace postern;
using namespace postern::delivery;

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

namespace {
const Script put_off{"<MAIL", "<RCPT", "<DATA", ">450 4.7.1 not now", ">503 no", ">503 no"};
}

TEST_CASE("4xx to MAIL leads to the next host in the same attempt, 5xx does not") {
  for (const bool is_pipelined : {true, false}) {
    const Script refusing =
        is_pipelined ? greeting + put_off
                     : Script{">220 mx", "<EHLO", ">250 8BITMIME", "<MAIL", ">450 4.7.1 not now"};
    ScriptedServer first({refusing + Script{"wait"}}),
        second({greeting + transaction + Script{"wait"}});
    Bench bench;
    CHECK(bench.run(bench.job({&first, &second})).verdicts[0].is_success());
  }
  ScriptedServer first(
      {greeting + Script{"<MAIL", "<RCPT", "<DATA", ">550 never", ">503 no", ">503 no", "wait"}}),
      second({Script{"wait"}});
  Bench bench;
  CHECK(bench.run(bench.job({&first, &second})).verdicts[0].reply == "550 never");
  second.finish();
  CHECK(second.connections == 0);
}

TEST_CASE(
    "4xx to MAIL everywhere puts the message off, and neither host nor connection is given up") {
  ScriptedServer server(
      {greeting + put_off + Script{"<RSET", ">250 ok"} + transaction + Script{"wait"}});
  Bench bench;
  std::vector<Job> jobs;
  jobs.push_back(bench.job({&server}));
  jobs.push_back(bench.job({&server}));
  const auto results = bench.run(std::move(jobs));
  server.finish();
  CHECK(server.wrong.empty());
  CHECK(results[0].verdicts[0].kind == Kind::deferred);
  CHECK(results[0].verdicts[0].reply == "450 4.7.1 not now");
  CHECK(results[1].verdicts[0].is_success());
  CHECK(server.connections == 1);
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

TEST_CASE("an attempt names the host that could not be reached") {
  Bench bench;
  Job job = bench.job({});
  job.targets.push_back({.host = "mx9", .addresses = {*net::Address::parse("127.0.0.1:1")}});
  const AttemptResult result = bench.run(std::move(job));
  CHECK(result.verdicts[0].kind == Kind::deferred);
  CHECK(result.host == "mx9");
  CHECK(result.address == "127.0.0.1:1");
}

TEST_CASE("a host that hangs up on one message puts no other one off") {
  ScriptedServer server({greeting + Script{"<MAIL", "close"},
                         greeting + Script{"<MAIL", "<RCPT", "<DATA", ">250 ok", ">250 ok",
                                           ">354 go", "<.", ">250 ok", "wait"}});
  Bench bench;
  std::vector<Job> jobs;
  jobs.push_back(bench.job({&server}));
  jobs.push_back(bench.job({&server}));
  const auto results = bench.run(std::move(jobs));
  CHECK(results[0].verdicts[0].kind == Kind::deferred);
  CHECK(results[1].verdicts[0].is_success());
}

TEST_CASE("a stale lease sends no MAIL") {
  ScriptedServer server({greeting + Script{"wait"}});
  Bench bench;
  bench.fresh = false;
  const AttemptResult result = bench.run(bench.job({&server}));
  CHECK(result.verdicts[0].kind == Kind::deferred);
  CHECK(result.broken_off);  // the host had no part in it
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

TEST_CASE("what one message needs of a host is no trouble for the next one") {
  ScriptedServer server({greeting + transaction + Script{"wait"}});
  Bench bench;
  std::vector<Job> jobs;
  jobs.push_back(bench.job({&server}));
  jobs.back().envelope.options.smtputf8 = true;
  jobs.back().envelope.recipients = {{*mail::EmailAddress::parse("j\xc3\xb6rg@x.example"), "", {}}};
  jobs.push_back(bench.job({&server}));
  const auto results = bench.run(std::move(jobs));
  CHECK(results[0].verdicts[0].kind == Kind::failed);
  CHECK(results[0].verdicts[0].status.text() == "5.6.7");
  CHECK(results[1].verdicts[0].is_success());
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
