// Whole IMAP conversations over loopback, with a real store.
#include <algorithm>

#include <catch2/catch.hpp>

#include "imap_server.h"

using namespace postern::imap;
using namespace postern::imap::test;
using postern::mailbox::TlsPolicy;

TEST_CASE("no credentials pass before TLS where TLS is required") {
  const ImapServer server(TlsPolicy::required);
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

TEST_CASE("SELECT says what RFC 3501 demands, EXAMINE opens read-only") {
  const ImapServer server;
  ImapClient client = with_messages(server, 2);
  client.append("INBOX", message(3), "\\Seen \\Flagged $Work");
  ImapClient other = ImapClient::of(server);
  const Lines lines = other.say("EXAMINE inbox");
  CHECK(holds(lines, "* 3 EXISTS"));
  CHECK(mentions(lines, " RECENT"));
  CHECK(holds(lines, "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Work)"));
  CHECK(mentions(lines, "* OK [PERMANENTFLAGS ()]"));
  CHECK(mentions(lines, "* OK [UNSEEN 1]"));
  CHECK(mentions(lines, "* OK [UIDVALIDITY "));
  CHECK(mentions(lines, "* OK [UIDNEXT 4]"));
  CHECK(mentions(lines, "* OK [HIGHESTMODSEQ "));
  CHECK(lines.back() == "OK [READ-ONLY] Opened read-only");
  CHECK(other.ask("STORE 1 +FLAGS (\\Seen)").starts_with("NO [READ-ONLY]"));
  CHECK(other.ask("EXPUNGE").starts_with("NO [READ-ONLY]"));
  CHECK(other.ask("SELECT Nowhere").starts_with("NO [NONEXISTENT]"));
  CHECK(other.ask("FETCH 1 FLAGS") == "BAD Select a mailbox first");  // the failed SELECT left none
  CHECK(other.ask("SELECT INBOX") == "OK [READ-WRITE] Opened");
  CHECK(other.ask("CLOSE") == "OK Done");
}

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

TEST_CASE("APPEND takes flags, dates and several messages, and refuses before the octets come") {
  const ImapServer server(TlsPolicy::optional, 1000);
  ImapClient client = ImapClient::of(server);
  CHECK(client.ask("APPEND Nowhere {10}").starts_with("NO [TRYCREATE]"));
  CHECK(client.ask("APPEND Nowhere {3+}\r\nabc").starts_with("NO [TRYCREATE]"));
  CHECK(client.ask("APPEND INBOX {1001}").starts_with("NO [TOOBIG]"));
  CHECK(client.ask("APPEND INBOX {0+}\r\n").starts_with("NO "));
  CHECK(client.ask("APPEND INBOX").starts_with("BAD "));
  const std::string one = message(1), two = message(2);
  client.send("t APPEND INBOX (\\Draft) \"17-Jul-1996 02:44:25 -0700\" {" +
              std::to_string(one.size()) + "}\r\n");
  CHECK(client.line() == "+ Ready for literal data");
  client.send(one + " (\\Seen) {" + std::to_string(two.size()) + "+}\r\n" + two + "\r\n");
  CHECK(client.line().ends_with(" 1:2] Appended"));
  client.say("SELECT INBOX");
  const Lines lines = client.say("FETCH 1:2 (FLAGS INTERNALDATE)");
  CHECK(lines[0].find("\\Draft") != std::string::npos);
  CHECK(lines[0].find("\"17-Jul-1996 09:44:25 +0000\"") != std::string::npos);
  CHECK(lines[1].find("\\Seen") != std::string::npos);
  client.send("t APPEND INBOX {99999+}\r\n");
  CHECK(client.line().starts_with("t NO [TOOBIG]"));
}

TEST_CASE("bare line feeds of an appended message become line ends") {
  const ImapServer server;
  ImapClient client = ImapClient::of(server);
  client.append("INBOX", "Subject: x\n\nbody\n");
  client.say("SELECT INBOX");
  CHECK(client.say("FETCH 1 BODY.PEEK[]")[0] ==
        "* 1 FETCH (BODY[] {20}\r\nSubject: x\r\n\r\nbody\r\n)");
}

TEST_CASE("STORE tells the flags, silently or not, and keywords are announced") {
  const ImapServer server;
  ImapClient client = with_messages(server, 3);
  Lines lines = client.say("STORE 1:2 +FLAGS (\\Seen $New)");
  CHECK(mentions(lines, "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $New)"));
  CHECK(mentions(lines, "* 1 FETCH (UID 1 FLAGS (\\Seen"));
  CHECK(mentions(lines, "* 2 FETCH (UID 2 FLAGS (\\Seen"));
  CHECK(lines.back() == "OK Done");
  CHECK(client.say("STORE 1 FLAGS.SILENT (\\Flagged)") == Lines{"OK Done"});
  CHECK(mentions(client.say("UID STORE 1 -FLAGS \\Flagged"), "* 1 FETCH (UID 1 FLAGS ("));
  CHECK(client.ask("STORE 9 +FLAGS (\\Seen)").starts_with("BAD "));
  CHECK(client.ask("STORE 1 +FLAGS (\\Bogus)").starts_with("BAD "));
  CHECK(client.ask("UID STORE 99 +FLAGS (\\Seen)") == "OK No message matched");
}

TEST_CASE("SEARCH finds by flags, headers and text; ESEARCH and UID SEARCH answer in their forms") {
  const ImapServer server;
  ImapClient client = with_messages(server, 3);
  client.append("INBOX", message(4,
                                 "needle in a haystack, Gr\xc3\xbc\xc3\x9f"
                                 "e\r\n"));
  client.say("STORE 2 +FLAGS (\\Seen)");
  CHECK(client.say("SEARCH SEEN")[0] == "* SEARCH 2");
  CHECK(client.say("SEARCH SUBJECT \"number 3\"")[0] == "* SEARCH 3");
  CHECK(client.say("SEARCH TEXT NEEDLE")[0] == "* SEARCH 4");
  CHECK(client.say("SEARCH BODY \"number 3\"")[0] == "* SEARCH");
  CHECK(client.say("SEARCH FROM ann TO bob")[0] == "* SEARCH 1 2 3 4");
  CHECK(client.say("SEARCH NOT OR SEEN HEADER Message-ID <1@fill>")[0] == "* SEARCH 3 4");
  CHECK(client.say("SEARCH CHARSET UTF-8 BODY {6+}\r\ngr\xc3\xbc\xc3\x9f")[0] == "* SEARCH 4");
  CHECK(client.ask("SEARCH CHARSET X-NONE ALL").starts_with("NO [BADCHARSET]"));
  CHECK(client.say("UID SEARCH UID 2:*")[0] == "* SEARCH 2 3 4");
  CHECK(client.say("SEARCH RETURN (MIN MAX COUNT ALL) UNSEEN")[0] ==
        "* ESEARCH (TAG \"t\") MIN 1 MAX 4 ALL 1,3:4 COUNT 3");
  CHECK(client.say("UID SEARCH RETURN () 99")[0] == "* ESEARCH (TAG \"t\") UID");
  CHECK(client.ask("SEARCH BOGUS").starts_with("BAD "));
}

TEST_CASE("COPY and MOVE give COPYUID; a missing target is TRYCREATE") {
  const ImapServer server;
  ImapClient client = with_messages(server, 3);
  CHECK(client.ask("COPY 1 Nowhere").starts_with("NO [TRYCREATE]"));
  CHECK(client.ask("CREATE Work/2026").starts_with("OK"));
  const std::string copied = client.ask("COPY 1:2 Work/2026");
  CHECK(copied.starts_with("OK [COPYUID "));
  CHECK(copied.ends_with(" 1:2 1:2] Copied"));
  const Lines lines = client.say("UID MOVE 1,3 Work/2026");
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].starts_with("* OK [COPYUID "));
  CHECK(lines[0].ends_with(" 1,3 3:4] Moved"));
  CHECK(lines[1] == "* 3 EXPUNGE");
  CHECK(lines[2] == "* 1 EXPUNGE");
  CHECK(client.say("STATUS Work/2026 (MESSAGES UNSEEN UIDNEXT)")[0] ==
        "* STATUS \"Work/2026\" (MESSAGES 4 UNSEEN 4 UIDNEXT 5)");
}

TEST_CASE("EXPUNGE, UID EXPUNGE and CLOSE remove what is deleted") {
  const ImapServer server;
  ImapClient client = with_messages(server, 4);
  client.say("STORE 1:3 +FLAGS.SILENT (\\Deleted)");
  CHECK(client.say("UID EXPUNGE 2,4") == Lines{"* 2 EXPUNGE", "OK Done"});
  CHECK(client.say("EXPUNGE") == Lines{"* 2 EXPUNGE", "* 1 EXPUNGE", "OK Done"});
  client.say("STORE 1 +FLAGS.SILENT (\\Deleted)");
  CHECK(client.say("CLOSE") == Lines{"OK Done"});
  CHECK(client.say("STATUS INBOX (MESSAGES)")[0] == "* STATUS \"INBOX\" (MESSAGES 0)");
}

TEST_CASE("UNSELECT removes nothing") {
  const ImapServer server;
  ImapClient client = with_messages(server, 1);
  client.say("STORE 1 +FLAGS.SILENT (\\Deleted)");
  CHECK(client.ask("UNSELECT") == "OK Done");
  CHECK(client.say("STATUS INBOX (MESSAGES)")[0] == "* STATUS \"INBOX\" (MESSAGES 1)");
}

TEST_CASE("mailboxes are made, listed, renamed, subscribed and deleted") {
  const ImapServer server;
  ImapClient client = ImapClient::of(server);
  CHECK(client.say("LIST \"\" \"\"")[0] == "* LIST (\\Noselect) \"/\" \"\"");
  CHECK(mentions(client.say("LIST \"\" *"), "* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent\""));
  CHECK(mentions(client.say("LIST \"\" inb%"), "\"INBOX\""));
  CHECK(client.ask("CREATE \"Entw&APw-rfe/Alt\"") == "OK Done");
  CHECK(client.ask("CREATE \"Entw&APw-rfe/Alt\"").starts_with("NO [ALREADYEXISTS]"));
  CHECK(client.ask("CREATE inbox").starts_with("NO "));
  CHECK(client.say("LIST \"Entw&APw-rfe/\" %")[0] ==
        "* LIST (\\HasNoChildren) \"/\" \"Entw&APw-rfe/Alt\"");
  CHECK(mentions(client.say("LIST \"\" %"), "* LIST (\\HasChildren) \"/\" \"Entw&APw-rfe\""));
  CHECK(client.ask("RENAME Entw&APw-rfe Drawings") == "OK Done");
  CHECK(mentions(client.say("LIST \"\" *"), "\"Drawings/Alt\""));
  CHECK(client.ask("SUBSCRIBE Drawings/Alt") == "OK Done");
  CHECK(mentions(client.say("LSUB \"\" *"), "* LSUB () \"/\" \"Drawings/Alt\""));
  CHECK(mentions(client.say("LSUB \"\" %"), "* LSUB (\\Noselect) \"/\" \"Drawings\""));
  CHECK(mentions(client.say("LIST (SUBSCRIBED) \"\" * RETURN (CHILDREN)"),
                 "\\Subscribed) \"/\" \"Drawings/Alt\""));
  CHECK(client.say("LIST (SPECIAL-USE) \"\" Sent RETURN (STATUS (MESSAGES))")[1] ==
        "* STATUS \"Sent\" (MESSAGES 0)");
  CHECK(client.ask("UNSUBSCRIBE Drawings/Alt") == "OK Done");
  CHECK(client.ask("DELETE Drawings/Alt") == "OK Done");
  CHECK(client.ask("DELETE Drawings/Alt").starts_with("NO [NONEXISTENT]"));
  CHECK(client.ask("DELETE INBOX").starts_with("NO "));
  CHECK(client.ask("CREATE \"a//b\"").starts_with("NO "));
  CHECK(client.ask("CREATE \"../../etc\"").substr(0, 2) != "BA");
}

TEST_CASE("quota, namespace, id and enable answer") {
  const ImapServer server;
  ImapClient client = ImapClient::of(server, "bob", "quiet");
  CHECK(client.say("GETQUOTAROOT INBOX") ==
        Lines{"* QUOTAROOT \"INBOX\" \"\"", "* QUOTA \"\" (STORAGE 0 97)", "OK Done"});
  CHECK(client.say("NAMESPACE")[0] == "* NAMESPACE ((\"\" \"/\")) NIL NIL");
  CHECK(client.say("ID (\"name\" \"test\")")[0] == "* ID (\"name\" \"postern\")");
  CHECK(client.say("ENABLE CONDSTORE X-NONE")[0] == "* ENABLED CONDSTORE");
  CHECK(mentions(client.say("CAPABILITY"), " UIDPLUS "));
  CHECK(client.append("INBOX", message(1, std::string(150'000, 'x') + "\r\n"))
            .starts_with("NO [OVERQUOTA]"));
}

TEST_CASE("two sessions see each other's changes at the next command") {
  const ImapServer server;
  ImapClient one = with_messages(server, 3);
  ImapClient two = ImapClient::of(server);
  two.say("SELECT INBOX");
  one.say("STORE 2 +FLAGS (\\Flagged)");
  CHECK(mentions(two.say("NOOP"), "* 2 FETCH (UID 2 FLAGS (\\Flagged"));
  CHECK(two.say("NOOP") == Lines{"OK Done"});
  one.append("INBOX", message(4));
  CHECK(mentions(two.say("CHECK"), "* 4 EXISTS"));

  one.say("STORE 1 +FLAGS.SILENT (\\Deleted)");
  one.say("EXPUNGE");
  // No EXPUNGE while numbers are in use: 2 is still the second message.
  const Lines lines = two.say("FETCH 2 (UID)");
  CHECK(mentions(lines, "* 2 FETCH (UID 2)"));
  CHECK_FALSE(mentions(lines, "EXPUNGE"));
  CHECK(two.ask("FETCH 1 BODY.PEEK[]").starts_with("NO [EXPUNGEISSUED]"));
  CHECK(mentions(two.say("UID FETCH 2 (FLAGS)"), "* 1 EXPUNGE"));
  CHECK(mentions(two.say("FETCH 1 (UID)"), "* 1 FETCH (UID 2)"));
}

TEST_CASE("IDLE tells at once, and ends with DONE alone") {
  const ImapServer server;
  ImapClient one = with_messages(server, 1);
  ImapClient two = ImapClient::of(server);
  two.say("SELECT INBOX");
  two.send("i IDLE\r\n");
  CHECK(two.line() == "+ idling");
  one.append("INBOX", message(2));
  CHECK(two.line() == "* 2 EXISTS");
  CHECK(two.line().ends_with(" RECENT"));
  one.say("STORE 1 +FLAGS (\\Deleted)");
  CHECK(two.line().starts_with("* 1 FETCH (UID 1 FLAGS (\\Deleted"));
  one.say("EXPUNGE");
  CHECK(two.line() == "* 1 EXPUNGE");
  two.send("DONE\r\n");
  CHECK(two.line() == "i OK Done");
  two.send("i IDLE\r\n");
  two.line();
  two.send("a NOOP\r\n");
  CHECK(two.line() == "i BAD Expected DONE");
}

TEST_CASE("CONDSTORE: mod-sequences are told, tested and searched") {
  const ImapServer server;
  ImapClient client = with_messages(server, 2);
  const std::string before = client.say("FETCH 1 (MODSEQ)")[0];
  const std::string modseq =
      before.substr(before.find("MODSEQ (") + 8, before.find(')') - before.find("MODSEQ (") - 8);
  ImapClient other = ImapClient::of(server);
  other.say("SELECT INBOX");
  other.say("STORE 1 +FLAGS (\\Flagged)");
  const Lines lines = client.say("STORE 1:2 (UNCHANGEDSINCE " +
                                 std::to_string(std::stoull(modseq) + 1) + ") +FLAGS (\\Seen)");
  CHECK(lines.back().starts_with("OK [MODIFIED 1]"));
  CHECK(mentions(client.say("FETCH 1:* (FLAGS) (CHANGEDSINCE " + modseq + ")"), "MODSEQ ("));
  CHECK(mentions(client.say("SEARCH MODSEQ " + modseq), "(MODSEQ "));
  CHECK(mentions(client.say("STATUS INBOX (HIGHESTMODSEQ)"), "HIGHESTMODSEQ"));
}

TEST_CASE("QRESYNC: a client that comes back learns what vanished and what changed") {
  const ImapServer server;
  ImapClient client = with_messages(server, 3);
  ImapClient other = ImapClient::of(server);
  CHECK(other.ask("SELECT INBOX (QRESYNC (1 1))").starts_with("BAD "));
  other.say("ENABLE QRESYNC");
  const Lines opened = other.say("SELECT INBOX");
  std::string validity, modseq;
  for (const std::string& line : opened) {
    if (line.starts_with("* OK [UIDVALIDITY ")) validity = line.substr(18, line.find(']') - 18);
    if (line.starts_with("* OK [HIGHESTMODSEQ ")) modseq = line.substr(20, line.find(']') - 20);
  }
  other.say("UNSELECT");
  client.say("STORE 1 +FLAGS (\\Deleted)");
  client.say("EXPUNGE");
  client.say("STORE 1 +FLAGS (\\Seen)");
  const Lines lines = other.say("SELECT INBOX (QRESYNC (" + validity + " " + modseq + "))");
  CHECK(holds(lines, "* VANISHED (EARLIER) 1"));
  CHECK(mentions(lines, "* 1 FETCH (UID 2 FLAGS (\\Seen"));
  client.say("STORE 1 +FLAGS (\\Deleted)");
  client.say("EXPUNGE");
  CHECK(holds(other.say("NOOP"), "* VANISHED 2"));
  CHECK(mentions(other.say("UID FETCH 1:* (FLAGS) (CHANGEDSINCE " + modseq + " VANISHED)"),
                 "* VANISHED (EARLIER) 1:2"));
}

TEST_CASE("literals and commands past their bounds are refused") {
  const ImapServer server;
  ImapClient client = ImapClient::of(server);
  CHECK(client.ask("SEARCH TEXT {99999999999999999999}").starts_with("BAD [TOOBIG]"));
  CHECK(client.ask("LIST \"\" {70000}").starts_with("BAD [TOOBIG]"));
  CHECK(client.ask("NOOP") == "OK Done");
  client.send("t LIST \"\" {70000+}\r\n");
  CHECK(client.line().starts_with("* BYE [TOOBIG]"));
  CHECK(client.is_closed());
}

TEST_CASE("a mailbox that is deleted elsewhere loses its messages here") {
  const ImapServer server;
  ImapClient one = ImapClient::of(server);
  one.say("CREATE Brief");
  one.append("Brief", message(1));
  ImapClient two = ImapClient::of(server);
  two.say("SELECT Brief");
  CHECK(one.ask("DELETE Brief") == "OK Done");
  CHECK(mentions(two.say("NOOP"), "* 1 EXPUNGE"));
  CHECK(two.ask("CLOSE") == "OK Done");
}

TEST_CASE("an account that is disabled loses its open sessions") {
  ImapServer server;
  ImapClient client = ImapClient::of(server);
  server.disable("ann");
  client.send("a NOOP\r\n");
  CHECK(client.line().starts_with("* BYE The account"));
  CHECK(client.is_closed());
}
