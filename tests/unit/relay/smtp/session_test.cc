// tests/unit/relay/smtp/session_test.cc: conversations, and what each door says.
#include "scripted_client.h"

using namespace postern;
using namespace std::chrono_literals;

TEST_CASE("a message in DATA arrives with its dots and its envelope") {
  ScriptedClient client(port_25());
  CHECK(client.greeting == "220 mail.b.example ESMTP postern");
  CHECK(client.say("EHLO me").find("250-PIPELINING") != std::string::npos);
  CHECK(client.say("MAIL FROM:<a@c.example> BODY=8BITMIME") == "250 2.1.0 Sender OK");
  CHECK(client.say("RCPT TO:<x@b.example> NOTIFY=NEVER") == "250 2.1.5 Recipient OK");
  CHECK(client.say("RCPT TO:<x@c.example>") ==
        "550 5.7.1 Relaying to x@c.example is not permitted");
  CHECK(client.say("DATA").starts_with("354 "));
  CHECK(client.say("Subject: a\r\n\r\n..dot\r\n.") == "250 2.0.0 Queued as 0000000000001");
  REQUIRE(client.intake.taken.size() == 1);
  const Taken& taken = client.intake.taken.front();
  CHECK(taken.content == "Subject: a\r\n\r\n.dot\r\n");
  CHECK(taken.envelope.options.eight_bit);
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
  CHECK(client.reply() == "250 2.0.0 Queued as 0000000000001");
  CHECK(client.intake.taken.front().content == "a\r\nb.\r\n");
  CHECK(client.say("BDAT many").starts_with("501"));
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
  CHECK(client.say("MAIL FROM:<> ENVID=1") == "555 5.5.4 Parameter not offered: RET or ENVID");
  client.say("MAIL FROM:<>");
  CHECK(client.say("RCPT TO:<x@b.example> NOTIFY=SUCCESS") ==
        "555 5.5.4 Parameter not offered: NOTIFY or ORCPT");
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
  terms.tls = net::TlsOffer::required;
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
