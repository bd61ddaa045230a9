// tests/unit/mailbox/imap/expunged_elsewhere_test.cc: what one session expunges stays whole for the
// others until they have been told (RFC 2180 §4.1.1).
#include <chrono>

#include <catch2/catch.hpp>

#include "imap_server.h"

using namespace postern::imap::test;

namespace {

void expunge(ImapClient& client, const std::string& set) {
  client.say("STORE " + set + " +FLAGS.SILENT (\\Deleted)");
  client.say("EXPUNGE");
}

ImapClient with_inbox(const ImapServer& server) {
  ImapClient client = ImapClient::of(server);
  client.say("SELECT INBOX");
  return client;
}

}  // namespace

TEST_CASE(
    "what another session expunged is fetched, stored, searched and copied until it is told") {
  const ImapServer server;
  ImapClient other = with_messages(server, 3);
  other.append("INBOX", message(4, std::string(100'000, 'x') + "\r\n"));
  other.say("NOOP");
  ImapClient one = with_inbox(server);
  const Lines before = one.say("FETCH 1:4 (UID RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[])");
  expunge(other, "2,4");
  CHECK(one.say("FETCH 1:4 (UID RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[])") == before);
  CHECK(one.say("FETCH 4 BODY.PEEK[1]").back() == "OK Done");
  CHECK(one.say("FETCH 2 BODY[HEADER.FIELDS (Subject)]")[0].contains("Subject: number 2"));
  CHECK(one.say("SEARCH SUBJECT number") == Lines{"* SEARCH 1 2 3 4", "OK Done"});
  CHECK(holds(one.say("SEARCH BODY xxx"), "* SEARCH 4"));
  const Lines stored = one.say("STORE 2 +FLAGS (\\Flagged)");
  CHECK(holds(stored, "* 2 FETCH (UID 2 FLAGS (\\Deleted))"));
  CHECK(stored.back() == "OK Done");
  CHECK(one.ask("STORE 1:4 +FLAGS.SILENT (\\Seen)") == "OK Done");

  const Lines copied = one.say("COPY 1:4 Archive");  // its end may tell
  CHECK(copied.back().ends_with(" 1:4 1:4] Copied"));
  CHECK(holds(copied, "* 4 EXPUNGE"));
  CHECK(holds(copied, "* 2 EXPUNGE"));
  CHECK(one.ask("FETCH 3 FLAGS").starts_with("BAD "));
  one.say("SELECT Archive");
  const Lines there = one.say("FETCH 2,4 (RFC822.SIZE BODY.PEEK[])");
  CHECK(there[0].contains("Subject: number 2"));
  CHECK(there[1].contains(std::string(100'000, 'x')));
}

TEST_CASE("a mailbox that is deleted elsewhere is readable here until that is told") {
  const ImapServer server;
  ImapClient other = ImapClient::of(server);
  other.say("CREATE Brief");
  other.append("Brief", message(1));
  ImapClient one = ImapClient::of(server);
  one.say("SELECT Brief");
  CHECK(other.ask("DELETE Brief") == "OK Done");
  CHECK(one.say("FETCH 1 BODY.PEEK[]")[0].contains("Subject: number 1"));
  const Lines copied = one.say("UID COPY 1 INBOX");
  CHECK(copied.back().ends_with(" 1 1] Copied"));
  CHECK(holds(copied, "* 1 EXPUNGE"));
}

TEST_CASE("each session keeps what went since it was told, and no longer") {
  const ImapServer server;
  ImapClient other = with_messages(server, 4);
  ImapClient one = with_inbox(server), two = with_inbox(server);
  expunge(other, "1");
  CHECK(holds(one.say("NOOP"), "* 1 EXPUNGE"));
  expunge(other, "1");
  CHECK(one.say("FETCH 1 (UID)")[0] == "* 1 FETCH (UID 2)");
  CHECK(two.say("FETCH 1:2 (UID)")[1] == "* 2 FETCH (UID 2)");
  CHECK(one.say("UID FETCH 1 (FLAGS)") == Lines{"* 1 EXPUNGE", "OK Done"});
  CHECK(two.say("UID FETCH 1:2 (UID)")[0] == "* 1 FETCH (UID 1)");
  CHECK(two.say("UID FETCH 1:2 (UID)") == Lines{"OK Done"});
  CHECK(two.say("SEARCH ALL")[0] == "* SEARCH 1 2");
}

// With -s it says what the telling took: a figure, no promise.
TEST_CASE("100 watchers of a large folder all hear of each change, in order") {
  const ImapServer server;
  ImapClient writer = with_messages(server, 1);
  for (int i = 0; i < 13; ++i) writer.say("COPY 1:* INBOX");  // 8,192
  std::vector<ImapClient> watchers;
  for (int i = 0; i < 100; ++i) {
    watchers.push_back(with_inbox(server));
    watchers.back().send("i IDLE\r\n");
    REQUIRE(watchers.back().line() == "+ idling");
  }
  for (int round = 0; round < 5; ++round) {
    writer.append("INBOX", message(2));
    const auto start = std::chrono::steady_clock::now();
    const std::string news = "* " + std::to_string(8193 + round) + " EXISTS";
    std::chrono::steady_clock::duration median{};
    for (std::size_t i = 0; i < watchers.size(); ++i) {
      CHECK(watchers[i].line() == news);
      CHECK(watchers[i].line().ends_with(" RECENT"));
      if (i == 50) median = std::chrono::steady_clock::now() - start;
    }
    using Microseconds = std::chrono::duration<double, std::micro>;
    UNSCOPED_INFO("median " << Microseconds(median).count() << " us, last "
                            << Microseconds(std::chrono::steady_clock::now() - start).count()
                            << " us after APPEND's end");
  }
  SUCCEED("told");
}
