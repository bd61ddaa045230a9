// What IMAP servers learned the hard way: bounds, names, and where things may be told.
#include <algorithm>
#include <catch2/catch.hpp>

#include "imap_server.h"

using namespace postern::imap::test;

namespace {

std::string levels(int count) {
  std::string name = "l";
  while (--count > 0) name += "/l";
  return name;
}

}  // namespace

TEST_CASE("a line past 64 KiB is refused, and the session goes on behind it") {
  const ImapServer server;
  ImapClient client = ImapClient::of(server);
  for (const std::size_t length : {65'536, 70'000, 1'000'000}) {
    CHECK(client.ask("NOOP " + std::string(length, 'x')).starts_with("BAD [TOOBIG] "));
    CHECK(client.ask("NOOP " + std::string(length, '\r') + "{9}") ==
          "BAD [TOOBIG] The command is too long");
  }
  CHECK(client.ask("SEARCH " + std::string(65'000, 'x')) == "BAD Select a mailbox first");
  client.send("t LIST \"\" {5+}\r\nabcde" + std::string(70'000, 'x') + "\r\nu NOOP\r\n");
  CHECK(client.line().starts_with("t BAD [TOOBIG] "));
  CHECK(client.line() == "u OK Done");
}

TEST_CASE("a line past 1 MiB ends the session, and so does one that announces a literal unasked") {
  const ImapServer server;
  for (const std::string& end :
       {std::string("{15+}"), "{" + std::string(100, '0') + "15+}", std::string(1'000'000, 'x')}) {
    ImapClient client = ImapClient::of(server);
    client.send("t NOOP " + std::string(70'000, 'x') + end + "\r\nx CREATE Smuggl\r\n");
    CHECK(client.line().starts_with("* BYE [TOOBIG] "));
    CHECK(client.is_closed());
  }
  ImapClient other = ImapClient::of(server);
  CHECK_FALSE(mentions(other.say("LIST \"\" *"), "Smuggl"));
}

TEST_CASE("before the login a line past 8 KiB ends the session") {
  const ImapServer server;
  ImapClient client(server);
  client.line();
  client.send("t LOGIN ann " + std::string(9'000, 'x') + "{9+}\r\n");
  CHECK(client.line().starts_with("* BYE [TOOBIG] "));
  CHECK(client.is_closed());
}

TEST_CASE("the literals of a command count together") {
  const ImapServer server;
  ImapClient client = ImapClient::of(server);
  client.send("t RENAME {40000}\r\n");
  CHECK(client.line().starts_with("+ "));
  client.send(std::string(40'000, 'x') + " {40000}\r\n");
  CHECK(client.line().starts_with("t BAD [TOOBIG] "));
  CHECK(client.ask("NOOP") == "OK Done");
}

TEST_CASE("a message over the limit that comes unasked ends the session before it is read") {
  const ImapServer server(postern::net::TlsOffer::optional, 1000);
  ImapClient client = ImapClient::of(server);
  client.send("t APPEND INBOX {18446744073709551616+}\r\n");
  CHECK(client.line().starts_with("t NO [TOOBIG] "));
  CHECK(client.line().starts_with("* BYE [TOOBIG] "));
  CHECK(client.is_closed());
}

TEST_CASE(
    "a second message of APPEND that is announced wrongly is dropped, not taken for commands") {
  const ImapServer server;
  ImapClient client = ImapClient::of(server);
  client.send("t APPEND INBOX {3+}\r\nabc (\\Foo) {17+}\r\nx CREATE Smuggled\r\nu NOOP\r\n");
  CHECK(client.line().starts_with("t BAD Cannot read that"));
  CHECK(client.line() == "u OK Done");
  client.send("t APPEND INBOX {3+}\r\nabc (\\Foo) {18}\r\n");
  CHECK(client.line().starts_with("t BAD Cannot read that"));
  const Lines lines = client.say("LIST \"\" *");
  CHECK_FALSE(mentions(lines, "Smuggled"));
  CHECK(holds(client.say("STATUS INBOX (MESSAGES)"), "* STATUS \"INBOX\" (MESSAGES 0)"));
}

TEST_CASE("50 mistakes in a row end the session, more of them with successes between do not") {
  const ImapServer server;
  ImapClient client = ImapClient::of(server);
  for (int i = 0; i < 60; ++i) {
    CHECK(client.ask("FOO") == "BAD Unknown command");
    CHECK(client.ask("NOOP") == "OK Done");
  }
  for (int i = 0; i < 50; ++i) CHECK(client.ask("FOO") == "BAD Unknown command");
  CHECK(client.line() == "* BYE Too many mistakes");
  CHECK(client.is_closed());
}

TEST_CASE("numbers past 32 bits are refused, not cut") {
  const ImapServer server;
  ImapClient client = with_messages(server, 1);
  for (const char* command :
       {"FETCH 4294967297 FLAGS", "UID FETCH 4294967297 FLAGS", "FETCH 1 BODY[]<4294967296.1>",
        "FETCH 1 BODY[]<0.4294967297>", "FETCH 1 BODY[4294967297]", "SEARCH UID 1:4294967297",
        "SEARCH LARGER 9223372036854775808", "UID FETCH 1 FLAGS (CHANGEDSINCE 9223372036854775808)",
        "STORE 1 (UNCHANGEDSINCE 18446744073709551617) FLAGS ()", "FETCH 0 FLAGS"}) {
    INFO(command);
    CHECK(client.ask(command).starts_with("BAD "));
  }
}

TEST_CASE("mailbox names are checked, whatever form they come in") {
  const ImapServer server;
  ImapClient client = ImapClient::of(server);
  for (const std::string& name :
       {std::string("\"a&AAo-b\""),  // a line feed in modified UTF-7
        std::string("\"a&AAA-b\""), std::string("{3+}\r\na\tb"), std::string("\"a&-&b\""),
        std::string("\"&Jjo!\""), std::string("{2+}\r\n\xc3("), std::string("{2+}\r\n\xc0\xaf"),
        std::string("\"/a\""), std::string("\"a//b\""), std::string("\"\""),
        std::string("{4+}\r\na\r\nb"), levels(101), std::string(1001, 'n')}) {
    INFO(name);
    CHECK_FALSE(client.ask("CREATE " + name).starts_with("OK"));
  }
  CHECK(client.ask("CREATE " + levels(100)).starts_with("OK"));
  CHECK(client.ask("CREATE ../../../etc/passwd").starts_with("OK"));  // a row, not a path
  CHECK(client.ask("CREATE {3+}\r\n\xe2\x82\xac").starts_with("OK"));
  CHECK(mentions(client.say("LIST \"\" *"), "\"&IKw-\""));
}

TEST_CASE("a literal's size that no line end follows is refused in a reply that is one line") {
  const ImapServer server;
  ImapClient client = ImapClient::of(server);
  CHECK(client.ask("LIST \"\" {3+}&") == "BAD Cannot read that: a literal is cut off");
  CHECK(client.ask("STATUS {3}x (MESSAGES)") == "BAD Cannot read that: a literal is cut off");
}

TEST_CASE("a LIST of too many patterns is refused, a SEARCH of very many keys is answered") {
  const ImapServer server;
  ImapClient client = with_messages(server, 12);
  std::string patterns, keys;
  for (int i = 0; i < 101; ++i) patterns += i == 0 ? "*" : " *";
  for (int i = 0; i < 9000; ++i) keys += " UNSEEN";
  CHECK(client.ask("LIST \"\" (" + patterns + ")").starts_with("BAD "));
  CHECK(client.say("SEARCH" + keys)[0] == "* SEARCH 1 2 3 4 5 6 7 8 9 10 11 12");
}

TEST_CASE("what clients put into names and keywords comes back as one string or atom") {
  const ImapServer server;
  ImapClient client = with_messages(server, 1);
  CHECK(client.ask("CREATE {19+}\r\nq\"b\\s) (\\Noselect x").starts_with("OK"));
  CHECK(client.say("LIST \"\" q*")[0] ==
        "* LIST (\\HasNoChildren) \"/\" \"q\\\"b\\\\s) (\\\\Noselect x\"");
  CHECK(client.say("FETCH 1 BODY.PEEK[HEADER.FIELDS ({4+}\r\na)\"b)]")[0].starts_with(
      "* 1 FETCH (BODY[HEADER.FIELDS (\"a)\\\"b\")] {2}\r\n"));
  CHECK(client.ask("STORE 1 FLAGS (a\"b)").starts_with("BAD "));
  CHECK(client.ask("STORE 1 FLAGS (a]b)").substr(0, 2) != "OK");
}

TEST_CASE("no EXPUNGE is told during FETCH, STORE and SEARCH, and their numbers stay") {
  const ImapServer server;
  ImapClient one = with_messages(server, 3);
  ImapClient two = ImapClient::of(server);
  two.say("SELECT INBOX");
  one.say("STORE 1 +FLAGS.SILENT (\\Deleted)");
  one.say("EXPUNGE");
  CHECK_FALSE(mentions(two.say("SEARCH ALL"), "EXPUNGE"));
  CHECK(two.say("SEARCH ALL")[0] == "* SEARCH 2 3");
  const Lines stored = two.say("STORE 2 +FLAGS (\\Flagged)");
  CHECK_FALSE(mentions(stored, "EXPUNGE"));
  CHECK(mentions(stored, "* 2 FETCH (UID 2 "));
  CHECK_FALSE(mentions(two.say("FETCH 3 (FLAGS)"), "EXPUNGE"));
  CHECK(two.say("NOOP")[0] == "* 1 EXPUNGE");
}

TEST_CASE(
    "each FETCH answer to a UID command has the UID, and so have those that nobody asked for") {
  const ImapServer server;
  ImapClient one = with_messages(server, 2);
  ImapClient two = ImapClient::of(server);
  two.say("SELECT INBOX");
  for (const char* command : {"UID FETCH 1:2 FLAGS", "UID FETCH 1:2 BODY[]",
                              "UID STORE 1:2 +FLAGS (\\Flagged)", "UID FETCH 1:2 FAST"}) {
    INFO(command);
    const Lines lines = one.say(command);
    CHECK(lines.size() >= 3);
    for (const std::string& line : lines)
      CHECK((!line.starts_with("* ") || line.find("UID ") != std::string::npos));
  }
  CHECK(mentions(two.say("NOOP"), "* 2 FETCH (UID 2 FLAGS ("));
}

TEST_CASE("a silent STORE does not hide what another session changed") {
  const ImapServer server;
  ImapClient one = with_messages(server, 1);
  ImapClient two = ImapClient::of(server);
  two.say("SELECT INBOX");
  one.say("STORE 1 +FLAGS (\\Flagged)");
  CHECK(mentions(two.say("STORE 1 +FLAGS.SILENT (\\Seen)"),
                 "* 1 FETCH (UID 1 FLAGS (\\Flagged \\Seen"));
  CHECK(two.say("STORE 1 -FLAGS.SILENT (\\Seen)") == Lines{"OK Done"});
}

TEST_CASE("system flags go out in the RFC's case, however they came") {
  const ImapServer server;
  ImapClient client = with_messages(server, 1);
  const Lines lines =
      client.say("STORE 1 FLAGS (\\SEEN \\answered \\fLAGGED \\deleted \\DRAFT $Own $own)");
  CHECK(mentions(lines, "(\\Answered \\Flagged \\Deleted \\Seen \\Draft \\Recent $Own)"));
}

TEST_CASE("who is there when the server stops is told so") {
  auto server = std::make_unique<ImapServer>();
  ImapClient stranger(*server);
  stranger.line();
  ImapClient idle = ImapClient::of(*server);
  ImapClient watcher = ImapClient::of(*server);
  watcher.say("SELECT INBOX");
  watcher.send("i IDLE\r\n");
  watcher.line();
  server.reset();
  for (ImapClient* client : {&stranger, &idle, &watcher}) {
    CHECK(client->line() == "* BYE Server is shutting down");
    CHECK(client->is_closed());
  }
}
