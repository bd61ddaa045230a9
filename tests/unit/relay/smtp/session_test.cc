// tests/unit/relay/smtp/session_test.cc: conversations over loopback, with an intake that only
// remembers.
#include "relay/smtp/session.h"

#include <catch2/catch.hpp>

#include "core/async/loop.h"
#include "core/async/task_group.h"
#include "core/net/listener.h"
#include "relay/smtp/replies.h"

using namespace postern;
using namespace std::chrono_literals;

namespace {

struct Taken {
  relay::Origin origin;
  mail::Envelope envelope;
  std::vector<relay::Admitted> admitted;
  std::string content;
};

class FakeReception : public relay::Reception {
 public:
  FakeReception(Taken taken, std::vector<Taken>& all) : taken_(std::move(taken)), all_(all) {}
  Task<> write(std::string_view octets) override {
    taken_.content += octets;
    co_return;
  }
  Task<std::vector<smtp::Answer>> finish() override {
    const std::size_t count = taken_.origin.door == relay::Door::lmtp ? taken_.admitted.size() : 1;
    all_.push_back(std::move(taken_));
    co_return std::vector<smtp::Answer>(count, smtp::reply::queued.with("1"));
  }

 private:
  Taken taken_;
  std::vector<Taken>& all_;
};

/// Takes mail for b.example only.
class FakeIntake : public relay::Intake {
 public:
  Task<std::optional<smtp::Answer>> check_sender(const relay::Origin&,
                                                 const mail::ReversePath&) override {
    co_return std::nullopt;
  }
  Task<std::expected<relay::Admitted, smtp::Answer>> admit(
      const relay::Origin&, const mail::ReversePath&, const mail::Recipient& recipient) override {
    if (recipient.address.domain().text() != "b.example") {
      co_return std::unexpected(smtp::reply::no_relay.with(recipient.address.text()));
    }
    co_return relay::Admitted{recipient, {recipient}};
  }
  std::unique_ptr<relay::Reception> begin(relay::Origin origin, mail::Envelope envelope,
                                          std::vector<relay::Admitted> admitted) override {
    return std::make_unique<FakeReception>(
        Taken{std::move(origin), std::move(envelope), std::move(admitted), ""}, taken);
  }
  std::vector<Taken> taken;
};

class FakeLogins : public mailbox::Authenticator {
 public:
  Task<std::expected<policy::Account, mailbox::AuthFailure>> login(std::string user,
                                                                   std::string password,
                                                                   policy::Scope,
                                                                   net::Address) override {
    if (user != "ann" || password != "secret") {
      co_return std::unexpected(mailbox::AuthFailure::bad_credentials);
    }
    co_return policy::Account{.id = "1", .address = *mail::EmailAddress::parse("ann@b.example")};
  }
};

class ScriptedClient {
 public:
  explicit ScriptedClient(smtp::Terms terms)
      : terms_(std::make_shared<smtp::Terms>(std::move(terms))),
        listener_(
            loop_, *net::Address::parse("127.0.0.1:0"),
            [this](net::Stream stream) {
              return smtp::converse(std::move(stream), terms_, intake, logins_, idle_);
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
  bool is_closed() { return loop_.run_until_done(read_end()); }

  FakeIntake intake;
  std::string greeting;

 private:
  Task<> send_all(std::string text) {
    co_await stream_.write(text);
    co_await stream_.flush(5s);
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
  FakeLogins logins_;
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
