// tests/unit/relay/smtp/session_test.cc: conversations over loopback, with an intake that only
// remembers.
#include "relay/smtp/session.h"

#include <catch2/catch.hpp>

#include "../../core/net/stream_pair.h"
#include "core/async/loop.h"
#include "core/async/task_group.h"
#include "core/async/timer.h"
#include "core/net/listener.h"
#include "fakes.h"

using namespace postern;
using namespace std::chrono_literals;
using smtp::FakeIntake;
using smtp::FakeLogins;
using smtp::Taken;

namespace {

class ScriptedClient {
 public:
  explicit ScriptedClient(smtp::Terms terms)
      : terms_(std::make_shared<smtp::Terms>(std::move(terms))),
        listener_(
            loop_, *net::Address::parse("127.0.0.1:0"),
            [this](net::Stream stream) {
              return smtp::converse(std::move(stream), terms_, intake, logins, idle_);
            },
            group_),
        stream_(loop_.run_until_done(net::Stream::connect(listener_.bound(), 5s))) {
    greeting = reply();
  }
  ~ScriptedClient() {
    stream_.close();
    listener_.stop();
    loop_.run_until_done(group_.close());
  }

  /// Sends a line; gives the reply without its last CRLF.
  std::string say(std::string_view line) {
    send(std::string(line) + "\r\n");
    return reply();
  }
  void send(std::string text) { loop_.run_until_done(send_all(std::move(text))); }
  std::string reply() { return loop_.run_until_done(read_reply()); }
  /// Sends an octet at a time until the server has enough of it; false when it takes them all.
  bool drip(std::size_t octets) { return loop_.run_until_done(drip_all(octets)); }
  void shut_down() { idle_.close_all(); }
  bool is_closed() { return loop_.run_until_done(read_end()); }

  FakeIntake intake;
  FakeLogins logins;
  std::string greeting;

 private:
  Task<> send_all(std::string text) {
    co_await stream_.write(text);
    co_await stream_.flush(5s);
  }
  Task<bool> drip_all(std::size_t octets) {
    while (octets-- > 0 && stream_.buffered().empty()) {
      co_await send_all("x");
      try {
        co_await stream_.wait_readable(20ms);
      } catch (const Timeout&) {  // not yet
      }
    }
    co_return !stream_.buffered().empty();
  }
  Task<std::string> read_reply() {
    std::string all;
    for (;;) {
      const auto line = co_await stream_.read_line(1000, 5s);
      all += (all.empty() ? "" : "\n") + std::string(line.text);
      if (line.text.size() < 4 || line.text[3] != '-') co_return all;
    }
  }
  Task<bool> read_end() {
    try {
      co_await stream_.read_some(1, 5s);
    } catch (const ConnectionClosed&) {
      co_return true;
    }
    co_return false;
  }

  Loop loop_;
  TaskGroup group_;
  relay::IdleSessions idle_;
  std::shared_ptr<smtp::Terms> terms_;
  net::Listener listener_;
  net::Stream stream_;
};

smtp::Terms port_25() { return {.door = relay::Door::mx, .hostname = "mail.b.example"}; }

smtp::Terms submission_in_the_clear() {
  return {
      .door = relay::Door::submission, .tls = smtp::TlsUse::optional, .hostname = "mail.b.example"};
}

}  // namespace

TEST_CASE("a message in DATA arrives with its dots and its envelope") {
  ScriptedClient client(port_25());
  CHECK(client.greeting == "220 mail.b.example ESMTP postern");
  CHECK(client.say("EHLO me").find("250-PIPELINING") != std::string::npos);
  CHECK(client.say("MAIL FROM:<a@c.example> BODY=8BITMIME") == "250 2.1.0 Sender OK");
  CHECK(client.say("RCPT TO:<x@b.example> NOTIFY=NEVER") == "250 2.1.5 Recipient OK");
  CHECK(client.say("RCPT TO:<x@c.example>") ==
        "550 5.7.1 Relaying to x@c.example is not permitted");
  CHECK(client.say("DATA").starts_with("354 "));
  CHECK(client.say("Subject: a\r\n\r\n..dot\r\n.") == "250 2.0.0 Queued as 1");
  REQUIRE(client.intake.taken.size() == 1);
  const Taken& taken = client.intake.taken.front();
  CHECK(taken.content == "Subject: a\r\n\r\n.dot\r\n");
  CHECK(taken.envelope.eight_bit);
  CHECK(taken.admitted.size() == 1);
  CHECK(taken.origin.protocol == "ESMTP");
  CHECK(client.say("QUIT") == "221 2.0.0 Bye");
  CHECK(client.is_closed());
}

TEST_CASE("a login that is good no more sends nothing, however far it has come") {
  ScriptedClient client(submission_in_the_clear());
  client.say("EHLO me");
  CHECK(client.say("AUTH PLAIN AGFubgBzZWNyZXQ=").starts_with("235"));
  client.say("MAIL FROM:<ann@b.example>");
  client.say("RCPT TO:<x@b.example>");
  SECTION("at a command") {
    client.logins.live = false;
    CHECK(client.say("DATA") == "421 4.7.0 Your login is good no more, closing");
  }
  SECTION("in the middle of the message") {
    CHECK(client.say("DATA").starts_with("354"));
    client.logins.live = false;
    CHECK(client.say("Subject: a\r\n\r\n.").starts_with("421 4.7.0"));
  }
  CHECK(client.is_closed());
  CHECK(client.intake.taken.empty());
}

TEST_CASE("commands out of order are told what is missing") {
  ScriptedClient client(port_25());
  CHECK(client.say("MAIL FROM:<>").starts_with("503 5.5.1 Say EHLO"));
  client.say("HELO me");
  CHECK(client.say("RCPT TO:<x@b.example>").starts_with("503 5.5.1 Say MAIL"));
  CHECK(client.say("DATA").starts_with("503"));
  client.say("MAIL FROM:<>");
  CHECK(client.say("MAIL FROM:<>").starts_with("503"));
  CHECK(client.say("DATA").starts_with("503 5.5.1 No valid recipients"));
  CHECK(client.say("RSET").starts_with("250"));
  CHECK(client.say("RCPT TO:<x@b.example>").starts_with("503"));
  CHECK(client.say("AUTH PLAIN").starts_with("502"));
}

TEST_CASE("EHLO keywords are in capitals, AUTH= is none of them, and a 334 keeps its blank") {
  ScriptedClient client(submission_in_the_clear());
  CHECK(client.say("EHLO me") ==
        "250-mail.b.example\n250-PIPELINING\n250-SIZE 50000000\n250-8BITMIME\n"
        "250-SMTPUTF8\n250-CHUNKING\n250-ENHANCEDSTATUSCODES\n250-DSN\n"
        "250 AUTH PLAIN LOGIN");
  CHECK(client.say("AUTH PLAIN") == "334 ");
  CHECK(client.say("AGFubgBzZWNyZXQ=") == "235 2.7.0 Authenticated");
}

namespace {
constexpr const char* smuggling = "Subject: a\r\n\r\nx\n.\r\nMAIL FROM:<evil@c.example>\r\n.";
}

TEST_CASE("a bare LF in DATA on port 25 is refused after the true end") {
  ScriptedClient stranger(port_25());
  stranger.say("EHLO me");
  stranger.say("MAIL FROM:<>");
  stranger.say("RCPT TO:<x@b.example>");
  stranger.say("DATA");
  CHECK(stranger.say(smuggling).starts_with("550 5.6.0"));
  CHECK(stranger.intake.taken.empty());
  CHECK(stranger.say("NOOP") == "250 2.0.0 OK");
}

TEST_CASE("a bare LF in DATA on submission is mended") {
  ScriptedClient friendly(submission_in_the_clear());
  friendly.say("EHLO me");
  CHECK(friendly.say("AUTH PLAIN AGFubgBzZWNyZXQ=") == "235 2.7.0 Authenticated");
  friendly.say("MAIL FROM:<ann@b.example>");
  friendly.say("RCPT TO:<x@b.example>");
  friendly.say("DATA");
  CHECK(friendly.say(smuggling).starts_with("250"));
  CHECK(friendly.intake.taken.front().content ==
        "Subject: a\r\n\r\nx\r\n.\r\nMAIL FROM:<evil@c.example>\r\n");
  CHECK(friendly.intake.taken.front().origin.protocol == "ESMTPA");
}

TEST_CASE("submission demands a login, and a wrong one gets 535") {
  ScriptedClient client(submission_in_the_clear());
  CHECK(client.say("EHLO me").find("AUTH PLAIN LOGIN") != std::string::npos);
  CHECK(client.say("MAIL FROM:<a@b.example>").starts_with("530"));
  CHECK(client.say("AUTH LOGIN") == "334 VXNlcm5hbWU6");
  CHECK(client.say("YW5u") == "334 UGFzc3dvcmQ6");
  CHECK(client.say("d3Jvbmc=").starts_with("535 5.7.8"));
  CHECK(client.say("AUTH LOGIN YW5u") == "334 UGFzc3dvcmQ6");
  CHECK(client.say("*").starts_with("501"));
  CHECK(client.say("AUTH CRAM-MD5").starts_with("504"));
  CHECK(client.say("AUTH PLAIN =").starts_with("501"));
  CHECK(client.say("AUTH PLAIN AGFubgBzZWNyZXQ=").starts_with("235"));
  CHECK(client.say("AUTH PLAIN AGFubgBzZWNyZXQ=").starts_with("503"));
  CHECK(client.say("MAIL FROM:<ann@b.example>").starts_with("250"));
}

TEST_CASE("BDAT takes chunks, and octets of a refused chunk are never commands") {
  ScriptedClient client(port_25());
  client.say("EHLO me");
  client.send("BDAT 10 LAST\r\nRSET\r\nNOOP");
  CHECK(client.reply().starts_with("503"));
  client.say("MAIL FROM:<>");
  client.say("RCPT TO:<x@b.example>");
  client.send("BDAT 4\r\na\r\nb");
  CHECK(client.reply() == "250 2.0.0 4 octets received");
  CHECK(client.say("DATA").starts_with("503"));
  client.send("BDAT 3 LAST\r\n.\r\n");
  CHECK(client.reply() == "250 2.0.0 Queued as 1");
  CHECK(client.intake.taken.front().content == "a\r\nb.\r\n");
  CHECK(client.say("BDAT many").starts_with("501"));
  CHECK(client.is_closed());
}

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

TEST_CASE("LMTP answers for each recipient and knows no EHLO") {
  auto terms = port_25();
  terms.door = relay::Door::lmtp;
  ScriptedClient client(terms);
  CHECK(client.say("EHLO me").starts_with("502"));
  CHECK(client.say("LHLO me").starts_with("250"));
  client.say("MAIL FROM:<>");
  client.say("RCPT TO:<x@b.example>");
  client.say("RCPT TO:<y@b.example>");
  client.say("DATA");
  CHECK(client.say("a: b\r\n.").starts_with("250"));
  CHECK(client.reply().starts_with("250"));
  CHECK(client.say("NOOP") == "250 2.0.0 OK");
}

TEST_CASE("LMTP offers no DSN, for its client reports, and takes none of its parameters") {
  auto terms = port_25();
  terms.door = relay::Door::lmtp;
  ScriptedClient client(terms);
  CHECK(client.say("LHLO me").find("DSN") == std::string::npos);
  CHECK(client.say("MAIL FROM:<> RET=HDRS").starts_with("555 5.5.4"));
  CHECK(client.say("MAIL FROM:<> ENVID=1").starts_with("555"));
  client.say("MAIL FROM:<>");
  CHECK(client.say("RCPT TO:<x@b.example> NOTIFY=SUCCESS").starts_with("555"));
  CHECK(client.say("RCPT TO:<x@b.example> ORCPT=rfc822;x@b.example").starts_with("555"));
  CHECK(client.say("RCPT TO:<x@b.example>").starts_with("250"));
}

TEST_CASE("a client with an odd name is served, and its name spoils no header") {
  ScriptedClient client(port_25());
  CHECK(client.say("EHLO my pc\xfc (x);\"\t<y>").starts_with("250"));
  client.say("MAIL FROM:<>");
  client.say("RCPT TO:<x@b.example>");
  client.say("DATA");
  client.say("a: b\r\n.");
  REQUIRE(client.intake.taken.size() == 1);
  CHECK(client.intake.taken.front().origin.hello == "my?pc???x?????y?");
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
  CHECK(client.say("a: b\r\n.") == "250 2.0.0 Queued as 1");
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
  relay::IdleSessions idle;
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
  relay::IdleSessions idle;
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

TEST_CASE("what stands behind STARTTLS in the clear ends the conversation") {
  auto terms = port_25();
  terms.context = net::TlsContext::client(net::TlsContext::Verify::opportunistic);  // never used
  ScriptedClient client(terms);
  client.say("EHLO me");
  client.send("STARTTLS\r\nMAIL FROM:<evil@c.example>\r\n");
  CHECK(client.reply().starts_with("421 4.7.0"));
  CHECK(client.is_closed());
  CHECK(client.intake.senders == 0);
}

TEST_CASE("there is no AUTH before TLS where TLS is required") {
  auto terms = submission_in_the_clear();
  terms.tls = smtp::TlsUse::required;
  ScriptedClient client(terms);
  CHECK(client.say("EHLO me").find("AUTH") == std::string::npos);
  CHECK(client.say("AUTH PLAIN AGFubgBzZWNyZXQ=").starts_with("538"));
  CHECK(client.say("MAIL FROM:<ann@b.example>").starts_with("530"));
}

TEST_CASE("there is no AUTH on port 25") {
  ScriptedClient stranger(port_25());
  stranger.say("EHLO me");
  CHECK(stranger.say("AUTH PLAIN AGFubgBzZWNyZXQ=").starts_with("502"));
}
