// tests/unit/mailbox/imap/recent_test.cc: which session is told that messages are \Recent (RFC 3501
// §2.3.2).
#include <catch2/catch.hpp>

#include "imap_server.h"

using namespace postern::imap::test;

namespace {

constexpr const char* status_of_recent = "STATUS INBOX (RECENT)";

ImapClient with_inbox(const ImapServer& server, std::string_view command = "SELECT") {
  ImapClient client = ImapClient::of(server);
  client.say(std::string(command) + " INBOX");
  return client;
}

}  // namespace

TEST_CASE("what is there already is \\Recent to the first session that selects it read-write") {
  const ImapServer server;
  ImapClient writer = ImapClient::of(server);
  for (int i = 1; i <= 3; ++i) writer.append("INBOX", message(i));
  CHECK(holds(writer.say(status_of_recent), "* STATUS \"INBOX\" (RECENT 3)"));
  ImapClient viewer = ImapClient::of(server);
  CHECK(holds(viewer.say("EXAMINE INBOX"), "* 3 RECENT"));
  CHECK(holds(writer.say(status_of_recent), "* STATUS \"INBOX\" (RECENT 3)"));
  ImapClient first = ImapClient::of(server);
  CHECK(holds(first.say("SELECT INBOX"), "* 3 RECENT"));
  CHECK(holds(writer.say(status_of_recent), "* STATUS \"INBOX\" (RECENT 0)"));
  ImapClient second = ImapClient::of(server);
  CHECK(holds(second.say("SELECT INBOX"), "* 0 RECENT"));
  CHECK(holds(first.say("SEARCH RECENT"), "* SEARCH 1 2 3"));
  CHECK(holds(second.say("SEARCH RECENT"), "* SEARCH"));
  CHECK(holds(second.say("FETCH 1 FLAGS"), "* 1 FETCH (FLAGS ())"));
}

TEST_CASE("of sessions side by side, the one that is told first is told \\Recent") {
  const ImapServer server;
  ImapClient one = with_inbox(server), two = with_inbox(server);
  ImapClient viewer = with_inbox(server, "EXAMINE");
  ImapClient writer = ImapClient::of(server);
  writer.append("INBOX", message(1));
  CHECK(holds(writer.say(status_of_recent), "* STATUS \"INBOX\" (RECENT 1)"));
  CHECK(holds(viewer.say("NOOP"), "* 1 RECENT"));
  CHECK(holds(two.say("NOOP"), "* 1 RECENT"));
  CHECK(holds(writer.say(status_of_recent), "* STATUS \"INBOX\" (RECENT 0)"));
  CHECK(holds(one.say("NOOP"), "* 0 RECENT"));
  writer.append("INBOX", message(2));
  CHECK(holds(one.say("NOOP"), "* 1 RECENT"));
  CHECK(holds(two.say("NOOP"), "* 1 RECENT"));
  CHECK(holds(one.say("SEARCH RECENT"), "* SEARCH 2"));
  CHECK(holds(two.say("SEARCH RECENT"), "* SEARCH 1"));
  CHECK(holds(one.say("SEARCH OLD"), "* SEARCH 1"));
}

TEST_CASE("what one session was told is \\Recent in no later one, however it left") {
  const ImapServer server;
  ImapClient writer = ImapClient::of(server);
  for (const char* end : {"CLOSE", "UNSELECT", "EXAMINE Trash", "LOGOUT", ""}) {
    INFO(end);
    ImapClient reader = with_inbox(server);
    writer.append("INBOX", message(1));
    CHECK(holds(reader.say("NOOP"), "* 1 RECENT"));
    if (*end != '\0') reader.say(end);
    ImapClient later = with_inbox(server);
    CHECK(holds(later.say("SEARCH RECENT"), "* SEARCH"));
  }
}
