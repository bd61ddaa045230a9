// tests/unit/relay/smtp/bounds_test.cc: how much and how long: sizes, counts, errors, time,
// shutdown.
#include "../../core/net/stream_pair.h"
#include "scripted_client.h"

using namespace postern;
using namespace std::chrono_literals;

TEST_CASE("a message over the limit is refused by its SIZE, in DATA and in BDAT") {
  auto terms = port_25();
  terms.message_size = 100;
  ScriptedClient client(terms);
  client.say("EHLO me");
  CHECK(client.say("MAIL FROM:<> SIZE=101") == "552 5.3.4 Message is over 100 bytes");
  client.say("MAIL FROM:<>");
  client.say("RCPT TO:<x@b.example>");
  client.say("DATA");
  CHECK(client.say(std::string(200, 'x') + "\r\n.").starts_with("552"));
  client.say("MAIL FROM:<>");
  client.say("RCPT TO:<x@b.example>");
  client.send("BDAT 101\r\n" + std::string(101, 'x'));
  CHECK(client.reply().starts_with("552"));
  client.send("BDAT 5 LAST\r\nQUIT!");
  CHECK(client.reply().starts_with("503"));
  CHECK(client.say("RSET").starts_with("250"));
  CHECK(client.say("MAIL FROM:<>").starts_with("250"));
  CHECK(client.intake.taken.empty());
}

TEST_CASE("the recipients of one message are limited with 452") {
  auto terms = port_25();
  terms.recipients = 2;
  ScriptedClient client(terms);
  client.send(
      "EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<1@b.example>\r\nRCPT TO:<2@b.example>\r\nRCPT "
      "TO:<3@b.example>\r\n");
  for (const char* code : {"250", "250", "250", "250", "452 4.5.3"})
    CHECK(client.reply().starts_with(code));
}

TEST_CASE("recipients over the limit are no errors: the others get their message") {
  auto terms = port_25();
  terms.recipients = 1;
  terms.errors = 3;
  ScriptedClient client(terms);
  client.say("EHLO me");
  client.say("MAIL FROM:<>");
  client.say("RCPT TO:<x@b.example>");
  for (int n = 0; n < 40; ++n) CHECK(client.say("RCPT TO:<y@b.example>").starts_with("452 4.5.3"));
  client.say("DATA");
  CHECK(client.say("a: b\r\n.").starts_with("250"));
}

TEST_CASE("recipients far over the limit end the conversation") {
  auto terms = port_25();
  terms.recipients = 1;
  terms.errors = 3;
  terms.overshoot = 10;
  ScriptedClient client(terms);
  client.say("EHLO me");
  client.say("MAIL FROM:<>");
  client.say("RCPT TO:<x@b.example>");
  for (int n = 0; n < 13; ++n) CHECK(client.say("RCPT TO:<y@b.example>").starts_with("452 4.5.3"));
  CHECK(client.reply().starts_with("421 4.7.0"));
}

TEST_CASE("a recipient that is put off is no error, one that is refused is") {
  auto terms = port_25();
  terms.errors = 3;
  ScriptedClient client(terms);
  client.say("EHLO me");
  client.say("MAIL FROM:<>");
  for (int n = 0; n < 5; ++n) CHECK(client.say("RCPT TO:<later@b.example>").starts_with("451"));
  for (int n = 0; n < 3; ++n) CHECK(client.say("RCPT TO:<x@c.example>").starts_with("550"));
  CHECK(client.reply().starts_with("421 4.7.0"));
}

TEST_CASE("errors are counted anew after each message that is accepted") {
  auto terms = port_25();
  terms.errors = 3;
  ScriptedClient client(terms);
  client.say("EHLO me");
  for (int n = 0; n < 4; ++n) {
    client.say("MAIL FROM:<>");
    CHECK(client.say("RCPT TO:<x@c.example>").starts_with("550"));
    CHECK(client.say("RCPT TO:<x@c.example>").starts_with("550"));
    client.say("RCPT TO:<x@b.example>");
    client.say("DATA");
    CHECK(client.say("a: b\r\n.").starts_with("250"));
  }
}

TEST_CASE("who has logged in or is trusted may mistype more often") {
  auto terms = submission_in_the_clear();
  SECTION("logged in") {}
  SECTION("trusted") {
    terms = port_25();
    terms.is_trusted = true;
  }
  terms.errors = 3;
  terms.errors_of_known = 5;
  ScriptedClient client(terms);
  client.say("EHLO me");
  if (!terms.is_trusted) client.say("AUTH PLAIN AGFubgBzZWNyZXQ=");
  client.say("MAIL FROM:<ann@b.example>");
  for (int n = 0; n < 5; ++n) CHECK(client.say("RCPT TO:<x@c.example>").starts_with("550"));
  CHECK(client.reply().starts_with("421 4.7.0"));
}

TEST_CASE("an endless line gets one 500, and many errors end the conversation") {
  auto terms = port_25();
  terms.errors = 3;
  ScriptedClient client(terms);
  CHECK(client.say(std::string(1'000'000, 'x')).starts_with("500 5.5.6"));
  CHECK(client.say("FROB").starts_with("500 5.5.1"));
  CHECK(client.say("FROB").starts_with("500"));
  CHECK(client.reply().starts_with("421 4.7.0"));
  CHECK(client.is_closed());
}

TEST_CASE("a client that says nothing is sent away with 421") {
  auto terms = port_25();
  terms.command_timeout = 50ms;
  ScriptedClient client(terms);
  CHECK(client.reply().starts_with("421 4.4.2"));
  CHECK(client.is_closed());
}

TEST_CASE("a client that waits is told of a shutdown before the connection ends") {
  ScriptedClient client(port_25());
  client.say("EHLO me");
  client.shut_down();
  CHECK(client.reply().starts_with("421 4.3.2"));
  CHECK(client.is_closed());
}

TEST_CASE("a client in the middle of AUTH is told of a shutdown") {
  ScriptedClient client(submission_in_the_clear());
  client.say("EHLO me");
  client.say("AUTH LOGIN");
  client.shut_down();
  CHECK(client.reply().starts_with("421 4.3.2"));
  CHECK(client.is_closed());
}

TEST_CASE("a message on its way at a shutdown gets its answer first") {
  ScriptedClient client(port_25());
  client.say("EHLO me");
  client.say("MAIL FROM:<>");
  client.say("RCPT TO:<x@b.example>");
  client.say("DATA");
  client.shut_down();
  CHECK(client.say("a: b\r\n.") == "250 2.0.0 Queued as 0000000000001");
  CHECK(client.reply().starts_with("421 4.3.2"));
  CHECK(client.is_closed());
}

TEST_CASE("a message that arrives too slowly is given up, however steadily it drips") {
  auto terms = port_25();
  terms.data_timeout = 300ms;
  ScriptedClient client(terms);
  client.say("EHLO me");
  client.say("MAIL FROM:<>");
  client.say("RCPT TO:<x@b.example>");
  SECTION("in DATA") { client.say("DATA"); }
  SECTION("in BDAT, whatever size was announced") { client.send("BDAT 9999999999999999999\r\n"); }
  CHECK(client.drip(500));
  CHECK(client.reply().starts_with("421 4.4.2"));
  CHECK(client.intake.taken.empty());
}

namespace {
Task<> write_and_leave(net::StreamPair* pair, const std::string* text) {
  try {
    co_await pair->client.write(*text);
    co_await pair->client.flush(1h);
  } catch (const IoError&) {  // the server had enough
  }
  pair->half_close();
}
Task<> read_to_the_end(net::StreamPair* pair, std::string* said) {
  try {
    for (;;) *said += co_await pair->client.read_some(65'536, 5s);
  } catch (const ConnectionClosed&) {  // the end
  }
}
}  // namespace

TEST_CASE("who hangs up after his last command still gets the reply to it") {
  const std::string text = "EHLO me\r\nNOOP\r\nVRFY x\r\n";
  std::string said;
  Loop loop;
  net::StreamPair pair(loop);
  loop.run_until_done(write_and_leave(&pair, &text));
  FakeIntake intake;
  FakeLogins logins;
  net::IdleSessions idle;
  TaskGroup group;
  group.spawn(smtp::converse(std::move(pair.server), std::make_shared<smtp::Terms>(port_25()),
                             intake, logins, idle));
  group.spawn(read_to_the_end(&pair, &said));
  loop.run_until_done(group.join());
  CHECK(said.find("\r\n252 ") != std::string::npos);
}

TEST_CASE("a client that takes no replies is not read from any more") {
  constexpr std::size_t rounds = 100'000;
  std::string text = "EHLO me\r\n";
  for (std::size_t i = 0; i < rounds; ++i) text += "MAIL FROM:<>\r\nRSET\r\n";
  Loop loop;
  net::StreamPair pair(loop);
  pair.server.set_write_timeout(100ms);
  FakeIntake intake;
  FakeLogins logins;
  net::IdleSessions idle;
  TaskGroup group;
  group.spawn(smtp::converse(std::move(pair.server), std::make_shared<smtp::Terms>(port_25()),
                             intake, logins, idle));
  group.spawn(write_and_leave(&pair, &text));
  loop.run_until_done(group.join());
  CHECK(intake.senders > 0);
  CHECK(intake.senders < rounds / 2);
}

TEST_CASE("a BDAT line that is too long ends the conversation, for its octets are no commands") {
  ScriptedClient client(port_25());
  client.say("EHLO me");
  client.send("BDAT 6" + std::string(3'000, ' ') + "LAST\r\nRSET\r\n");
  CHECK(client.reply().starts_with("500 5.5.6"));
  CHECK(client.is_closed());
}
