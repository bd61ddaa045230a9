// tests/unit/mailbox/imap/session_test.cc: whole IMAP conversations over loopback, with a real
// store.
#include <algorithm>

#include <catch2/catch.hpp>

#include "imap_server.h"

using namespace postern::imap;
using namespace postern::imap::test;
using postern::net::TlsOffer;

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

TEST_CASE("APPEND takes flags, dates and several messages, and refuses before the octets come") {
  const ImapServer server(TlsOffer::optional, 1000);
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

TEST_CASE("APPEND keeps the first second of 1970, and gives no date outside of the grammar") {
  const ImapServer server;
  ImapClient client = ImapClient::of(server);
  for (const char* date :
       {"01-Jan-1970 00:00:00 +0000", "01-Jan-0000 00:00:00 +1200", "31-Dec-9999 23:59:59 -1200"})
    CHECK(client.ask("APPEND INBOX \"" + std::string(date) + "\" {3+}\r\nabc").starts_with("OK "));
  client.say("SELECT INBOX");
  const Lines lines = client.say("FETCH 1:3 INTERNALDATE");
  CHECK(lines[0] == "* 1 FETCH (INTERNALDATE \" 1-Jan-1970 00:00:00 +0000\")");
  CHECK(lines[1] == "* 2 FETCH (INTERNALDATE \" 1-Jan-0001 00:00:00 +0000\")");
  CHECK(lines[2] == "* 3 FETCH (INTERNALDATE \"31-Dec-9999 23:59:59 +0000\")");
}

TEST_CASE("bare line feeds and returns of an appended message become line ends") {
  const ImapServer server;
  ImapClient client = ImapClient::of(server);
  client.append("INBOX", "Subject: x\n\rbody\r\r\n\r");
  client.append("INBOX", "Subject: x\n\nbody\n");
  client.say("SELECT INBOX");
  CHECK(client.say("FETCH 1 BODY.PEEK[]")[0] ==
        "* 1 FETCH (BODY[] {24}\r\nSubject: x\r\n\r\nbody\r\n\r\n\r\n)");
  CHECK(client.say("FETCH 2 BODY.PEEK[]")[0] ==
        "* 2 FETCH (BODY[] {20}\r\nSubject: x\r\n\r\nbody\r\n)");
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

TEST_CASE("RECURSIVEMATCH shows parents of what was selected and is not shown itself") {
  const ImapServer server;
  ImapClient client = ImapClient::of(server);
  client.say("CREATE Work/Plans");
  client.say("CREATE Old/Sent");
  client.say("DELETE Sent");
  client.say("CREATE Work/Sent (USE (\\Sent))");
  client.say("SUBSCRIBE Work/Plans");
  const std::string info = "\"Work\" (\"CHILDINFO\" (\"SUBSCRIBED\"))";
  CHECK(mentions(client.say("LIST (SUBSCRIBED RECURSIVEMATCH) \"\" %"), info));
  const Lines all = client.say("LIST (SUBSCRIBED RECURSIVEMATCH) \"\" *");
  CHECK(mentions(all, "\"Work/Plans\""));
  CHECK_FALSE(mentions(all, "\"Work\""));
  client.say("SUBSCRIBE Work");
  CHECK(mentions(client.say("LIST (SUBSCRIBED RECURSIVEMATCH) \"\" *"), info));
  const Lines special = client.say("LIST (SPECIAL-USE RECURSIVEMATCH) \"\" %");
  CHECK(mentions(special, "\"Work\" (\"CHILDINFO\" (\"SPECIAL-USE\"))"));
  CHECK(mentions(special, "\"Trash\""));
  CHECK_FALSE(mentions(special, "\"Old\""));
  CHECK_FALSE(mentions(special, "INBOX"));
}

TEST_CASE("quota, namespace, id and enable answer") {
  const ImapServer server;
  ImapClient client = ImapClient::of(server, "bob", "quiet");
  CHECK(client.say("GETQUOTAROOT INBOX") ==
        Lines{"* QUOTAROOT \"INBOX\" \"\"", "* QUOTA \"\" (STORAGE 0 97)", "OK Done"});
  CHECK(client.say("GETQUOTA \"\"")[0] == "* QUOTA \"\" (STORAGE 0 97)");
  CHECK(client.say("NAMESPACE")[0] == "* NAMESPACE ((\"\" \"/\")) NIL NIL");
  CHECK(client.say("ID (\"name\" \"test\")")[0] == "* ID (\"name\" \"postern\")");
  CHECK(client.say("ENABLE CONDSTORE X-NONE")[0] == "* ENABLED CONDSTORE");
  CHECK(mentions(client.say("CAPABILITY"), " UIDPLUS "));
  CHECK(client.append("INBOX", message(1, std::string(150'000, 'x') + "\r\n"))
            .starts_with("NO [OVERQUOTA]"));
}

TEST_CASE("an account without a quota has no quota root") {
  const ImapServer server;
  ImapClient client = ImapClient::of(server);
  CHECK(client.say("GETQUOTAROOT INBOX") == Lines{"* QUOTAROOT \"INBOX\"", "OK Done"});
  CHECK(client.say("GETQUOTA \"\"") == Lines{"NO [NONEXISTENT] No such quota root"});
}

TEST_CASE("STATUS tells what EXPUNGE would free") {
  const ImapServer server;
  ImapClient client = with_messages(server, 3);
  CHECK(client.say("STATUS INBOX (DELETED DELETED-STORAGE)")[0] ==
        "* STATUS \"INBOX\" (DELETED 0 DELETED-STORAGE 0)");
  client.say("STORE 1,3 +FLAGS (\\Deleted)");
  CHECK(client.say("STATUS INBOX (DELETED DELETED-STORAGE)")[0] ==
        "* STATUS \"INBOX\" (DELETED 2 DELETED-STORAGE " +
            std::to_string(message(1).size() + message(3).size()) + ")");
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
