// tests/unit/mailbox/imap/sessions_test.cc: what one session learns of what others do.
#include <algorithm>

#include <catch2/catch.hpp>

#include "imap_server.h"

using namespace postern::imap;
using namespace postern::imap::test;
using postern::net::TlsOffer;

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

TEST_CASE("QRESYNC: a client that leaves while expunges are kept back learns of them afterwards") {
  const ImapServer server;
  ImapClient client = with_messages(server, 5);
  ImapClient other = ImapClient::of(server);
  other.say("ENABLE QRESYNC");
  std::string validity, before;
  for (const std::string& line : other.say("SELECT INBOX")) {
    if (line.starts_with("* OK [UIDVALIDITY ")) validity = line.substr(18, line.find(']') - 18);
    if (line.starts_with("* OK [HIGHESTMODSEQ ")) before = line.substr(20, line.find(']') - 20);
  }
  const std::string safe = "[HIGHESTMODSEQ " + before + "] ";
  client.say("STORE 2 +FLAGS.SILENT (\\Deleted)");
  client.say("EXPUNGE");
  client.say("STORE 3 +FLAGS.SILENT (\\Flagged)");
  CHECK(other.ask("SEARCH ALL") == "OK " + safe + "Done");
  CHECK(other.ask("FETCH 1 FLAGS") == "OK " + safe + "Done");
  CHECK(other.ask("STORE 1 +FLAGS (\\Seen)") == "OK " + safe + "Done");
  const Lines refused = other.say("FETCH 2 FLAGS");
  CHECK(refused.back().starts_with("NO [EXPUNGEISSUED] "));
  CHECK(holds(refused, "* OK " + safe + "Some messages are gone"));
  CHECK(holds(other.say("SELECT INBOX (QRESYNC (" + validity + " " + before + "))"),
              "* VANISHED (EARLIER) 2"));
  CHECK(other.ask("FETCH 1 FLAGS") == "OK Done");
}

TEST_CASE("FETCH that makes a message \\Seen tells the mod-sequence and the UID of the change") {
  const ImapServer server;
  ImapClient client = with_messages(server, 4);
  CHECK(client.say("FETCH 2 BODY[]<0.1>")[0] ==
        "* 2 FETCH (FLAGS (\\Seen \\Recent) BODY[]<0> {1}\r\nF)");
  client.say("ENABLE CONDSTORE");
  const std::string condstore = client.say("FETCH 3 (FLAGS BODY[]<0.1>)")[0];
  CHECK(condstore.starts_with("* 3 FETCH (MODSEQ ("));
  CHECK(condstore.ends_with(") FLAGS (\\Seen \\Recent) BODY[]<0> {1}\r\nF)"));
  client.say("ENABLE QRESYNC");
  CHECK(client.say("FETCH 3 BODY[]<0.1>")[0] == "* 3 FETCH (BODY[]<0> {1}\r\nF)");
  const std::string qresync = client.say("FETCH 4 BODY[]<0.1>")[0];
  CHECK(qresync.starts_with("* 4 FETCH (UID 4 FLAGS (\\Seen \\Recent) MODSEQ ("));
  CHECK(client.say("UID FETCH 4 (FLAGS MODSEQ)").size() == 2);
}

TEST_CASE("a keyword in the place of one that nobody used any more is told to every session") {
  const ImapServer server;
  ImapClient one = with_messages(server, 2);
  ImapClient two = ImapClient::of(server);
  std::string all;
  for (int i = 0; i < 64; ++i) all += " k" + std::to_string(i);
  one.say("STORE 1 FLAGS (" + all.substr(1) + ")");
  CHECK(mentions(two.say("SELECT INBOX"), "k62 k63 \\*)]"));
  CHECK(one.ask("STORE 2 FLAGS (more)") == "NO [LIMIT] No more keywords: messages have 64 already");
  CHECK(one.ask("STORE 2 FLAGS (" + std::string(200, 'x') + ")") ==
        "NO [CANNOT] A keyword cannot have this name");
  CHECK(one.append("INBOX", message(3), "more").starts_with("OK [APPENDUID"));
  one.say("STORE 1 -FLAGS (k3)");
  const Lines lines = one.say("STORE 2 FLAGS (more)");
  CHECK(mentions({lines[0]}, "k2 more k4"));
  CHECK(holds(lines, "* 2 FETCH (UID 2 FLAGS (\\Recent more))"));
  const Lines told = two.say("NOOP");
  CHECK(mentions(told, "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft k0 k1 k2 more"));
  CHECK(holds(told, "* 2 FETCH (UID 2 FLAGS (more))"));
  CHECK(holds(two.say("SEARCH KEYWORD more"), "* SEARCH 2"));
  CHECK(holds(two.say("SEARCH KEYWORD k3"), "* SEARCH"));
}

TEST_CASE("ESEARCH tells the mod-sequence of the messages that it names") {
  const ImapServer server;
  ImapClient client = with_messages(server, 4);
  std::vector<std::string> modseqs;
  for (const char* number : {"2", "4", "1", "3"})  // ascending mod-sequences in this order
    client.say("STORE " + std::string(number) + " +FLAGS (\\Seen)");
  for (const std::string& line : client.say("FETCH 1:4 (MODSEQ)")) {
    const std::size_t at = line.find("MODSEQ (") + 8;
    if (line.starts_with("* ")) modseqs.push_back(line.substr(at, line.find(')', at) - at));
  }
  REQUIRE(modseqs.size() == 4);
  const auto told = [&](const std::string& options) {
    const std::string line = client.say("SEARCH RETURN (" + options + ") 1:4 MODSEQ 1")[0];
    return line.substr(line.rfind(' ') + 1);
  };
  CHECK(told("MIN") == modseqs[0]);
  CHECK(told("MAX") == modseqs[3]);
  CHECK(client.say("SEARCH RETURN (MIN MAX) 2,4 MODSEQ 1")[0] ==
        "* ESEARCH (TAG \"t\") MIN 2 MAX 4 MODSEQ " + modseqs[3]);
  CHECK(client.say("SEARCH RETURN (MIN) 2:4 MODSEQ 1")[0].ends_with(" MODSEQ " + modseqs[1]));
  CHECK(told("ALL") == modseqs[2]);
  CHECK(told("MIN COUNT") == modseqs[2]);
}

TEST_CASE("a keyword is announced before the first message that has it") {
  const ImapServer server;
  ImapClient one = with_messages(server, 1);
  ImapClient two = ImapClient::of(server);
  two.say("SELECT INBOX");
  one.say("STORE 1 FLAGS.SILENT ($Fresh)");
  const Lines lines = two.say("FETCH 1 FLAGS");
  CHECK(lines[0].starts_with("* FLAGS ("));
  CHECK(lines[0].ends_with(" $Fresh)"));
  CHECK(lines[1].starts_with("* OK [PERMANENTFLAGS ("));
  CHECK(lines[2] == "* 1 FETCH (FLAGS ($Fresh))");
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
  CHECK(client.line().starts_with("* BYE Your login"));
  CHECK(client.is_closed());
}
