// tests/unit/mailbox/imap/fetch_test.cc: FETCH over loopback, with a real store.
#include <algorithm>

#include <catch2/catch.hpp>

#include "imap_server.h"

using namespace postern::imap;
using namespace postern::imap::test;
using postern::net::TlsOffer;

TEST_CASE("FETCH gives every item") {
  const ImapServer server;
  ImapClient client = with_messages(server, 2);
  Lines lines = client.say(
      "FETCH 1 (UID RFC822.SIZE FLAGS INTERNALDATE BODY.PEEK[HEADER.FIELDS (SUBJECT)] "
      "BODY.PEEK[TEXT]<1.2>)");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].starts_with("* 1 FETCH (UID 1 RFC822.SIZE " + std::to_string(message(1).size()) +
                             " FLAGS ("));
  CHECK(lines[0].ends_with(
      "BODY[HEADER.FIELDS (SUBJECT)] {21}\r\nSubject: number 1\r\n\r\n BODY[TEXT]<1> {2}\r\nod)"));
  lines = client.say("FETCH 2 (ENVELOPE BODY)");
  CHECK(mentions(lines,
                 "ENVELOPE (\"Tue, 24 Nov 2026 10:00:00 +0000\" \"number 2\" ((\"Ann\" NIL \"ann\" "
                 "\"office.example\"))"));
  CHECK(
      mentions(lines, "BODY (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 6 1)"));
  lines = client.say("UID FETCH 2 BODY.PEEK[]");
  CHECK(lines[0] == "* 2 FETCH (UID 2 BODY[] {" + std::to_string(message(2).size()) + "}\r\n" +
                        message(2) + ")");
  lines = client.say("FETCH 1 BODY[1]");
  CHECK(mentions(lines, "FLAGS (\\Seen"));
  CHECK(mentions(lines, "BODY[1] {6}\r\nBody\r\n"));
  CHECK(mentions(client.say("FETCH 1 RFC822.HEADER"), "Subject: number 1"));
  CHECK(mentions(client.say("FETCH 1 BODY.PEEK[7]"), "BODY[7] NIL"));
  CHECK(mentions(client.say("FETCH 1 BODY.PEEK[1.MIME]"), "BODY[1.MIME]"));
  CHECK(client.ask("FETCH 3 FLAGS").starts_with("BAD "));
  CHECK(client.say("UID FETCH 99 FLAGS") == Lines{"OK Done"});
  CHECK(client.say("UID FETCH 2:* (UID)") == Lines{"* 2 FETCH (UID 2)", "OK Done"});
}

TEST_CASE("FETCH 1:* of an empty folder gives nothing, and a number there is refused") {
  const ImapServer server;
  ImapClient client = with_messages(server, 0);
  CHECK(client.say("FETCH 1:* (FLAGS)").size() == 1);
  CHECK(client.ask("FETCH 1:* (FLAGS)").starts_with("OK "));
  CHECK(client.ask("STORE 1:* +FLAGS (\\Seen)").starts_with("OK "));
  CHECK(client.ask("FETCH 1 (FLAGS)").starts_with("BAD "));
}

TEST_CASE("a message of megabytes goes in and out unchanged") {
  const ImapServer server;
  ImapClient client = ImapClient::of(server);
  std::string body;
  while (body.size() < 3'000'000) body += "line " + std::to_string(body.size()) + "\r\n";
  const std::string big = message(1, body);
  CHECK(client.append("INBOX", big).starts_with("OK [APPENDUID "));
  client.say("SELECT INBOX");
  CHECK(client.say("FETCH 1 BODY.PEEK[]")[0] ==
        "* 1 FETCH (BODY[] {" + std::to_string(big.size()) + "}\r\n" + big + ")");
  CHECK(client.say("FETCH 1 BODY.PEEK[]<2000000.7>")[0] ==
        "* 1 FETCH (BODY[]<2000000> {7}\r\n" + big.substr(2'000'000, 7) + ")");
  CHECK(client.say("FETCH 1 BODY.PEEK[TEXT]")[0] ==
        "* 1 FETCH (BODY[TEXT] {" + std::to_string(body.size()) + "}\r\n" + body + ")");
}

TEST_CASE("a message that another session takes away while it is sent arrives whole") {
  const ImapServer server(postern::net::TlsOffer::optional, 30'000'000);
  ImapClient reader = ImapClient::of(server), other = ImapClient::of(server);
  std::string body;  // more than the buffers between the two hold
  while (body.size() < 16'000'000) body += "a line of a long message\r\n";
  const std::string big = message(1, body);
  other.append("INBOX", big);
  reader.say("SELECT INBOX");
  other.say("SELECT INBOX");
  const std::string literal = "{" + std::to_string(big.size()) + "}\r\n" + big;
  reader.send("a FETCH 1 BODY.PEEK[]\r\n");
  CHECK_FALSE(reader.is_closed());  // the first octets are here
  CHECK(other.ask("MOVE 1 Trash").starts_with("OK "));
  CHECK(reader.line() == "* 1 FETCH (BODY[] " + literal + ")");
  CHECK(reader.line().starts_with("a OK "));

  other.say("SELECT Trash");
  reader.say("SELECT Trash");
  reader.send("b FETCH 1 (BODY.PEEK[1] BODY.PEEK[])\r\n");
  CHECK_FALSE(reader.is_closed());
  other.say("STORE 1 +FLAGS.SILENT (\\Deleted)");
  other.say("EXPUNGE");
  CHECK(reader.line().ends_with(literal + ")"));
  CHECK(reader.line().starts_with("b OK "));
  CHECK(reader.ask("FETCH 1 BODY.PEEK[]").starts_with("NO [EXPUNGEISSUED]"));
}

TEST_CASE("FETCH of hundreds of messages, small and large, gives each of them in order") {
  const ImapServer server;
  ImapClient client = with_messages(server, 3);
  std::vector<std::string> texts{message(1), message(2), message(3)};
  std::string body;
  while (body.size() < 100'000) body += "a line of the large one\r\n";
  texts.push_back(message(4, body));
  client.append("INBOX", texts.back());
  for (int doubling = 0; doubling < 7; ++doubling) client.say("COPY 1:* INBOX");
  client.say("STORE 300 +FLAGS.SILENT (\\Deleted)");
  client.say("EXPUNGE");
  constexpr std::size_t count = 4 * 128 - 1;
  const auto text_of = [&](std::size_t number) {
    return texts[(number < 300 ? number - 1 : number) % texts.size()];
  };
  const Lines bodies = client.say("FETCH 1:* BODY.PEEK[]");
  const Lines subjects = client.say("FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]");
  REQUIRE(bodies.size() == count + 1);
  REQUIRE(subjects.size() == count + 1);
  for (std::size_t number = 1; number <= count; ++number) {
    const std::string start = "* " + std::to_string(number) + " FETCH (BODY[";
    const std::string text = text_of(number);
    const std::string subject = text.substr(text.find("Subject:"), 17) + "\r\n\r\n";
    CHECK(bodies[number - 1] == start + "] {" + std::to_string(text.size()) + "}\r\n" + text + ")");
    CHECK(subjects[number - 1] == start + "HEADER.FIELDS (SUBJECT)] {21}\r\n" + subject + ")");
  }
}

TEST_CASE(
    "FETCH answers for copies in one folder as for their originals, whatever is asked together") {
  ImapServer server;
  ImapClient client = ImapClient::of(server);
  for (int number : {1, 2}) client.append("INBOX", message(number));
  client.say("SELECT INBOX");
  client.say("COPY 2 INBOX");
  client.say("COPY 1 INBOX");
  const auto answers = [&](std::string_view items) {
    Lines lines = client.say("FETCH 1:4 (" + std::string(items) + ")");
    REQUIRE(lines.size() == 5);
    for (std::string& line : lines) line.erase(0, line.find(" FETCH "));
    return lines;
  };
  for (const char* items :
       {"ENVELOPE", "BODYSTRUCTURE RFC822.HEADER", "BODY.PEEK[1] ENVELOPE BODY.PEEK[TEXT]",
        "BODY.PEEK[] BODY.PEEK[HEADER.FIELDS (SUBJECT)] BODY.PEEK[9]", "BODY.PEEK[1.MIME]<3.5>"}) {
    const Lines lines = answers(items);
    CHECK(lines[2] == lines[1]);
    CHECK(lines[3] == lines[0]);
  }
  CHECK(mentions({answers("RFC822.HEADER")[3]}, "Subject: number 1"));
}
