// tests/unit/delivery/content_test.cc: what of a message goes over the wire, and in which form.
#include <filesystem>
#include <fstream>

#include "tests/unit/delivery/courier_bench.h"

using namespace postern;
using namespace postern::delivery;

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

TEST_CASE("a host that offers DSN gets NOTIFY, ORCPT, RET and ENVID, and reports itself") {
  for (const bool offers : {true, false}) {
    Script script{">220 mx", "<EHLO", ">250-mx"};
    if (offers) script.push_back(">250-DSN");
    ScriptedServer server(
        {script + Script{">250-PIPELINING", ">250 8BITMIME"} + transaction + Script{"wait"}});
    Bench bench;
    Job job = bench.job({&server});
    job.envelope.recipients[0].notify = {.set = true, .success = true, .delay = true};
    job.envelope.recipients[0].orcpt = "rfc822;a+b@x.example";
    job.envelope.options.envid = "q=1";
    job.envelope.options.ret = mail::Ret::headers;
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

TEST_CASE("an address in UTF-8 never goes to a host without SMTPUTF8; the others get their mail") {
  const auto utf8 = *mail::EmailAddress::parse("j\xc3\xb6s\xc3\xa9@x.example");
  ScriptedServer server({greeting + transaction + Script{"wait"}});
  Bench bench;
  Job job = bench.job({&server}, 2);
  job.envelope.recipients[0].address = utf8;
  const auto result = bench.run(std::move(job));
  server.finish();
  CHECK(server.wrong.empty());
  CHECK(result.verdicts[0].kind == Kind::failed);
  CHECK(result.verdicts[0].status.text() == "5.6.7");
  CHECK(result.verdicts[1].is_success());
  CHECK(times(server, "RCPT TO:<r1@x.example>") == 1);
  CHECK(times(server, "RCPT") == 1);

  ScriptedServer other({greeting + Script{"wait"}});
  Job from_utf8 = bench.job({&other});
  from_utf8.envelope.sender = utf8;
  CHECK(bench.run(std::move(from_utf8)).verdicts[0].status.text() == "5.6.7");
  other.finish();
  CHECK(times(other, "MAIL") == 0);
}

TEST_CASE("an address in UTF-8 makes its message need SMTPUTF8, whatever the client said") {
  ScriptedServer server(
      {Script{">220 mx", "<EHLO", ">250-mx", ">250-SMTPUTF8", ">250-PIPELINING", ">250 8BITMIME"} +
       transaction + Script{"wait"}});
  Bench bench;
  Job job = bench.job({&server});
  job.envelope.recipients[0].address = *mail::EmailAddress::parse("j\xc3\xb6s\xc3\xa9@x.example");
  CHECK(bench.run(std::move(job)).verdicts[0].is_success());
  server.finish();
  CHECK(times(server, "MAIL FROM:<s@us.example> SMTPUTF8") == 1);
}

TEST_CASE("an LMTP host that offers DSN reports by itself") {
  ScriptedServer server({{">220 lmtp", "<LHLO", ">250-x", ">250-DSN", ">250 PIPELINING", "<MAIL",
                          "<RCPT TO:<r0@x.example> NOTIFY=SUCCESS", "<DATA", ">250 ok", ">250 ok",
                          ">354 go", "<.", ">250 stored", "wait"}});
  Bench bench;
  Job job = bench.job({&server});
  job.targets[0].protocol = Protocol::lmtp;
  job.envelope.recipients[0].notify = {.set = true, .success = true};
  CHECK(bench.run(std::move(job)).verdicts[0].kind == Kind::transferred);
}

TEST_CASE("an LMTP host that took nobody but the message owes no reply to the dot") {
  const Script nobody{"<MAIL", "<RCPT", "<DATA", ">250 ok", ">550 no", ">354 go", "<."};
  ScriptedServer server({Script{">220 lmtp", "<LHLO", ">250-x", ">250 PIPELINING"} + nobody +
                         Script{"<RSET", ">250 ok"} + transaction + Script{"wait"}});
  Bench bench;
  std::vector<Job> jobs;
  for (int n = 0; n < 2; ++n) {
    jobs.push_back(bench.job({&server}));
    jobs.back().targets[0].protocol = Protocol::lmtp;
  }
  const auto results = bench.run(std::move(jobs));
  server.finish();
  CHECK(server.wrong.empty());
  CHECK(results[0].verdicts[0].kind == Kind::failed);
  CHECK(results[1].verdicts[0].is_success());
}
