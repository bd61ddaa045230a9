// tests/unit/mailbox/imap/answers_test.cc: which of OK, NO and BAD a command earns, and what a
// client that was told so sends next.
#include <catch2/catch.hpp>

#include "imap_server.h"

using namespace postern::imap::test;

TEST_CASE("GETQUOTAROOT answers for a mailbox that is not there, but for no impossible one") {
  const ImapServer server;
  ImapClient client = ImapClient::of(server);
  const Lines lines = client.say("GETQUOTAROOT Nowhere");
  CHECK(holds(lines, "* QUOTAROOT \"Nowhere\""));
  CHECK(lines.back() == "OK Done");
  CHECK(client.ask("GETQUOTAROOT \"a&b\"").starts_with("NO [CANNOT]"));
  ImapClient bob = ImapClient::of(server, "bob", "quiet");
  CHECK(holds(bob.say("GETQUOTAROOT Nowhere"), "* QUOTA \"\" (STORAGE 0 97)"));
}

TEST_CASE("ID takes 30 pairs of 1,024 octets, also before the login") {
  const ImapServer server;
  std::string id = "ID (";
  for (int i = 0; i < 30; ++i)
    id += (i == 0 ? "" : " ") + ("\"field" + std::to_string(i) + "\" \"") + std::string(1024, 'x') +
          "\"";
  id += ")";
  ImapClient client(server);
  client.line();
  CHECK(client.ask(id) == "OK Done");
  CHECK(client.ask("LOGIN ann secret").starts_with("OK"));
  CHECK(client.ask(id) == "OK Done");
}

TEST_CASE("the first command that enables CONDSTORE with a mailbox selected tells HIGHESTMODSEQ") {
  const ImapServer server;
  for (const char* command :
       {"ENABLE CONDSTORE", "ENABLE QRESYNC", "FETCH 1 (MODSEQ)", "SEARCH MODSEQ 1",
        "STATUS Trash (HIGHESTMODSEQ)", "STORE 1 (UNCHANGEDSINCE 99) +FLAGS (\\Seen)",
        "FETCH 1 (FLAGS) (CHANGEDSINCE 1)"}) {
    INFO(command);
    ImapClient client = with_messages(server, 1);
    CHECK(mentions(client.say(command), "* OK [HIGHESTMODSEQ "));
    CHECK_FALSE(mentions(client.say(command), "* OK [HIGHESTMODSEQ "));
  }
  ImapClient client = ImapClient::of(server);
  CHECK_FALSE(mentions(client.say("ENABLE CONDSTORE"), "HIGHESTMODSEQ"));
}

TEST_CASE("a name that cannot be is NO, nothing in LIST, and BAD nowhere") {
  const ImapServer server;
  ImapClient client = with_messages(server, 1);
  for (const std::string& name :
       {std::string("\"a&b\""), std::string("\"&Jjo!\""), std::string("{2+}\r\n\xc3("),
        std::string("\"/a\""), std::string("\"a//b\""), std::string("\"a\x01\""),
        std::string("\"&AAo-\""), std::string(1001, 'n')}) {
    INFO(name);
    for (const std::string& command :
         {"SELECT " + name, "EXAMINE " + name, "STATUS " + name + " (MESSAGES)", "CREATE " + name,
          "DELETE " + name, "RENAME " + name + " x", "RENAME Trash " + name, "SUBSCRIBE " + name,
          "UNSUBSCRIBE " + name, "GETQUOTAROOT " + name, "APPEND " + name + " {3+}\r\nabc"}) {
      INFO(command);
      CHECK(client.ask(command).starts_with("NO "));
    }
    client.say("SELECT INBOX");
    CHECK(client.ask("COPY 1 " + name).starts_with("NO "));
    CHECK(client.ask("MOVE 1 " + name).starts_with("NO "));
    CHECK(client.say("LIST \"\" " + name) == Lines{"OK Done"});
    CHECK(client.say("LSUB \"\" " + name) == Lines{"OK Done"});
  }
  CHECK(holds(client.say("LIST \"\" Trash"), "* LIST (\\HasNoChildren \\Trash) \"/\" \"Trash\""));
}

TEST_CASE("octets that are not in the charset of a SEARCH are NO, non-ASCII in HEADER.FIELDS BAD") {
  const ImapServer server;
  ImapClient client = with_messages(server, 1);
  CHECK(client.ask("SEARCH CHARSET UTF-8 TEXT {1+}\r\n\xfc").starts_with("NO [BADCHARSET]"));
  CHECK(client.ask("SEARCH TEXT {1+}\r\n\xfc").starts_with("NO [BADCHARSET]"));
  CHECK(client.ask("FETCH 1 BODY.PEEK[HEADER.FIELDS ({2+}\r\n\xc3\xbc)]").starts_with("BAD "));
  CHECK(client.ask("STORE 1 +FLAGS (\\Recent)").starts_with("BAD "));
  CHECK(client.ask("NOOP") == "OK Done");
}

TEST_CASE("a tag with a brace leaves client and server in step") {
  const ImapServer server;
  ImapClient client = ImapClient::of(server);
  for (const std::string& text :
       {std::string("a{5}\r\n"), std::string("a{5} NOOP\r\n"), std::string("a{ LOGIN {5}\r\n"),
        std::string("a{ LIST \"\" {5+}\r\nx NOO\r\n"), std::string("a{5+}\r\nx NOO\r\n"),
        std::string("{5}\r\n"), std::string("a{ APPEND INBOX {5}\r\n")}) {
    INFO(text);
    client.send(text);
    CHECK(client.line() == "* BAD A command starts with a tag");
    CHECK(client.ask("NOOP") == "OK Done");
  }
}

TEST_CASE("SEARCH FROM, TO, CC and BCC look into the addresses as ENVELOPE has them") {
  const ImapServer server;
  ImapClient client = ImapClient::of(server);
  client.append("INBOX",
                "From: \"Lee, Ann\" (secretly) <@relay.example,@hub.example:ann@office.example>\r\n"
                "To: Friends of mine: \"Bob\" <bob (the builder) @ office.example>, "
                "=?utf-8?Q?J=C3=BCrgen?= <j@example.net>;\r\n"
                "Cc: undisclosed-recipients:;\r\nBcc: \"a \\\"b\\\"\" <c@d.example>\r\n\r\nx\r\n");
  client.append("INBOX", message(2));
  client.say("SELECT INBOX");
  const auto found = [&](const std::string& keys) {
    return client.say("SEARCH CHARSET UTF-8 " + keys)[0];
  };
  for (const char* key :
       {"FROM \"Lee, Ann\"", "FROM \"ann@office.example\" NOT FROM \"<ann@\"",
        "FROM \"@relay.example,@hub.example\"", "TO \"friends of mine\"",
        "TO \"bob@office.example\" NOT SUBJECT number", "TO {7+}\r\nJ\xc3\xbcrgen",
        "TO \"j@example.net\"", "CC \"undisclosed-recipients\"", "BCC \"a \\\"b\\\"\"",
        "BCC \"c@d.example\"", "TO \"office.example\" CC \"\""}) {
    INFO(key);
    CHECK(found(key) == "* SEARCH 1");
  }
  for (const char* key : {"FROM secretly", "CC \"x\"", "BCC nobody"}) {
    INFO(key);
    CHECK(found(key) == "* SEARCH");
  }
  CHECK(found("TO \"bob@office.example\"") == "* SEARCH 1 2");
  CHECK(found("FROM \"Ann <ann@office.example>\"") == "* SEARCH 2");
  CHECK(found("HEADER From secretly") == "* SEARCH 1");
}
