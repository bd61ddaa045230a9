// tests/unit/mailbox/imap/table_test.cc: the table of commands, and what comes from it.
#include "mailbox/imap/commands/table.h"

#include <catch2/catch.hpp>

#include "imap_server.h"

using namespace postern::imap;
using namespace postern::imap::test;

TEST_CASE("a UID form exists where its row says so, and for no other command") {
  for (const char* name : {"FETCH", "STORE", "SEARCH", "COPY", "MOVE", "EXPUNGE"}) {
    INFO(name);
    REQUIRE(find_command(name) != nullptr);
    CHECK(find_command("UID " + std::string(name)) == find_command(name));
  }
  for (const char* name : {"UID NOOP", "UID LOGIN", "UID APPEND", "UID UID FETCH", "UID ", ""}) {
    INFO(name);
    CHECK(find_command(name) == nullptr);
  }
}

TEST_CASE("the plain forms of FETCH, STORE and SEARCH alone keep EXPUNGE back") {
  for (const char* name : {"FETCH", "STORE", "SEARCH"}) {
    INFO(name);
    CHECK(find_command(name)->uses_numbers(false));
    CHECK_FALSE(find_command(name)->uses_numbers(true));
  }
  for (const char* name : {"COPY", "MOVE", "EXPUNGE", "NOOP", "IDLE"})
    CHECK_FALSE(find_command(name)->uses_numbers(false));
}

TEST_CASE("CAPABILITY is what the rows say, before the login and after it") {
  const ImapServer server;
  ImapClient client(server);
  client.line();
  CHECK(client.say("CAPABILITY")[0] ==
        "* CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE AUTH=PLAIN AUTH=LOGIN");
  client.say("LOGIN ann secret");
  CHECK(client.say("CAPABILITY")[0] ==
        "* CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE NAMESPACE UIDPLUS MOVE UNSELECT "
        "CHILDREN SPECIAL-USE CREATE-SPECIAL-USE LIST-EXTENDED LIST-STATUS STATUS=SIZE CONDSTORE "
        "QRESYNC ESEARCH WITHIN MULTIAPPEND QUOTA QUOTA=RES-STORAGE APPENDLIMIT=5000000");
}
