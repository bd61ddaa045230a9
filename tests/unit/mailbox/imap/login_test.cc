// tests/unit/mailbox/imap/login_test.cc: who gets in, and how.
#include <algorithm>

#include <catch2/catch.hpp>

#include "imap_server.h"

using namespace postern::imap;
using namespace postern::imap::test;
using postern::net::TlsOffer;

TEST_CASE("no credentials pass before TLS where TLS is required") {
  const ImapServer server(TlsOffer::required);
  ImapClient client(server);
  CHECK(client.line().starts_with(
      "* OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE LOGINDISABLED]"));
  CHECK(client.ask("LOGIN ann secret").starts_with("NO [PRIVACYREQUIRED]"));
  CHECK(client.ask("AUTHENTICATE PLAIN AGFubgBzZWNyZXQ=").starts_with("NO [PRIVACYREQUIRED]"));
  CHECK(client.ask("SELECT INBOX") == "BAD Log in first");
  CHECK(client.ask("NONSENSE") == "BAD Unknown command");
}

TEST_CASE("LOGIN and both AUTHENTICATE mechanisms log in") {
  const ImapServer server;
  {
    ImapClient client(server);
    client.line();
    CHECK(client.ask("LOGIN ann wrong").starts_with("NO [AUTHENTICATIONFAILED] "));
    CHECK(client.ask("LOGIN nobody secret").starts_with("NO [AUTHENTICATIONFAILED] "));
    CHECK(client.ask("LOGIN ann {6+}\r\nsecret").starts_with("OK [CAPABILITY IMAP4rev1 "));
    CHECK(client.ask("LOGIN ann secret").starts_with("BAD "));
    const Lines bye = client.say("LOGOUT");
    CHECK(bye == Lines{"* BYE Logging out", "OK Good bye"});
    CHECK(client.is_closed());
  }
  {
    ImapClient client(server);
    client.line();
    CHECK(client.ask("AUTHENTICATE PLAIN AGFubgBzZWNyZXQ=").starts_with("OK [CAPABILITY "));
  }
  {
    ImapClient client(server);
    client.line();
    client.send("t AUTHENTICATE PLAIN\r\n");
    CHECK(client.line() == "+ ");
    client.send("*\r\n");
    CHECK(client.line() == "t BAD Authentication was cancelled");
    client.send("t AUTHENTICATE LOGIN\r\n");
    CHECK(client.line() == "+ VXNlcm5hbWU6");
    client.send("YW5u\r\n");
    CHECK(client.line() == "+ UGFzc3dvcmQ6");
    client.send("c2VjcmV0\r\n");
    CHECK(client.line().starts_with("t OK "));
  }
}

TEST_CASE("commands that were sent along with the login are answered after the hand-over") {
  const ImapServer server;
  ImapClient client(server);
  client.line();
  client.send("a LOGIN ann secret\r\nb NOOP\r\nc LOGOUT\r\n");
  CHECK(client.line().starts_with("a OK "));
  CHECK(client.line() == "b OK Done");
  CHECK(client.line() == "* BYE Logging out");
  CHECK(client.line() == "c OK Good bye");
}

TEST_CASE("a stranger who keeps making mistakes is sent away") {
  const ImapServer server;
  ImapClient client(server);
  client.line();
  for (int i = 0; i < 9; ++i) client.ask("NONSENSE");
  client.ask("NONSENSE");
  CHECK(client.line() == "* BYE Too many mistakes");
}
