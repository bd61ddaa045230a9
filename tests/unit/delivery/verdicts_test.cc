// tests/unit/delivery/verdicts_test.cc: what the replies of a host make of each recipient.
#include "tests/unit/delivery/courier_bench.h"

using namespace postern;
using namespace postern::delivery;

namespace {

/// A host that takes one recipient in a transaction, and says `full` to the second.
Script room_for_one(const std::string& full) {
  return greeting + Script{"<MAIL", "<RCPT",   "<RCPT",   "<DATA",      ">250 ok", ">250 ok",
                           full,    ">354 go", "<.",      ">250 first", "<MAIL",   "<RCPT TO:<r1@",
                           "<DATA", ">250 ok", ">250 ok", ">354 go",    "<.",      ">250 second",
                           "wait"};
}

}  // namespace

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
  const auto result = one({room_for_one(">452 too many")}, 2);
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

TEST_CASE("552 at RCPT is final, but for who comes after others were taken") {
  CHECK(one({greeting +
             Script{"<MAIL", "<RCPT", "<DATA", ">250 ok", ">552 too big", ">503 no", "wait"}})
            .verdicts[0]
            .kind == Kind::failed);
  const auto full = one({greeting + Script{"<MAIL", "<RCPT", "<RCPT", "<DATA", ">250 ok", ">250 ok",
                                           ">552 5.2.2 full", ">354 go", "<.", ">250 ok", "wait"}},
                        2);
  CHECK(full.verdicts[1].kind == Kind::failed);
  const auto crowded = one({room_for_one(">552 too many")}, 2);
  CHECK(crowded.verdicts[1].reply == "250 second");
}

TEST_CASE("452 for everybody makes everybody wait") {
  const auto result = one({greeting + Script{"<MAIL", "<RCPT", "<RCPT", "<DATA", ">250 ok",
                                             ">452 no", ">452 no", ">503 no", "wait"}},
                          2);
  for (const Verdict& verdict : result.verdicts) CHECK(verdict.kind == Kind::deferred);
}
