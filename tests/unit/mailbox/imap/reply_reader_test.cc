// The strict reader of replies that the session tests and the fuzzer trust.
#include <catch2/catch.hpp>

#include "tests/support/imap_reply.h"

using namespace postern::test;

TEST_CASE("the strict reader takes what RFC 3501 writes") {
  for (const char* reply :
       {"* OK [CAPABILITY IMAP4rev1 IDLE] ready", "t1 OK Done", "t NO [TRYCREATE] No such mailbox",
        "+ Ready", "* 3 EXISTS", "* 0 RECENT", "* 1 EXPUNGE", "* SEARCH", "* SEARCH 1 2 (MODSEQ 9)",
        "* FLAGS (\\Answered \\Seen $x)", "* LIST (\\HasNoChildren) \"/\" \"INBOX\"",
        "* STATUS \"a\" (MESSAGES 1 UNSEEN 0)", "* ESEARCH (TAG \"t\") UID ALL 1,3:4 COUNT 3",
        "* VANISHED (EARLIER) 1:3,9", "* 1 FETCH (UID 7 FLAGS (\\Seen) BODY[] {3}\r\na\r\n)",
        "* 2 FETCH (BODY[HEADER.FIELDS (TO)]<0> \"x\" INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")",
        "* 1 FETCH (ENVELOPE (NIL \"s\" ((NIL NIL \"a\" \"b.c\")) NIL NIL NIL NIL NIL NIL "
        "\"<i>\"))",
        "* 1 FETCH (BODY (\"text\" \"plain\" (\"charset\" \"x\") NIL NIL \"7bit\" 6 1))",
        "t OK [COPYUID 1 2:3 5:6] Copied"}) {
    const auto read = read_imap_reply(reply);
    INFO(reply << " " << (read ? "" : read.error()));
    CHECK(read.has_value());
  }
}

TEST_CASE("the strict reader refuses what a client may trip over") {
  for (const char* reply : {"t OK",
                            "t OK ",
                            "t OK  two blanks",
                            "+",
                            "* OK [UIDNEXT 0] x",
                            "* OK [APPENDUID 1] x",
                            "* 1 FETCH (FLAGS (\\seen))",
                            "* 1 FETCH (FLAGS (\\Seen \\Seen))",
                            "* 1 FETCH (UID 0)",
                            "* 0 EXPUNGE",
                            "* 01 EXISTS",
                            "* SEARCH 0",
                            "* FETCH 1",
                            "* 1 FETCH (UID 7 )",
                            "* 1 FETCH (BODY[] {4}\r\nabc)",
                            "* LIST () \"/\" a b",
                            "* 1 FETCH (ENVELOPE (NIL NIL))",
                            "* 1 FETCH (BODY (\"text\" \"plain\" NIL NIL NIL \"7bit\" 6))",
                            "* NOTHING",
                            "t OK \x01",
                            "* 1 FETCH (BODY[] \"\xc3\xa9\")",
                            "* VANISHED 3:1",
                            "x+ OK Done"}) {
    INFO(reply);
    CHECK_FALSE(read_imap_reply(reply).has_value());
  }
}

TEST_CASE("the length of a reply counts its literals") {
  CHECK(imap_reply_length("* OK x\r\n* 1") == 8);
  CHECK(imap_reply_length("* 1 FETCH (BODY[] {4}\r\na\r\nb)\r\nrest") == 30);
  CHECK(imap_reply_length("* 1 FETCH (BODY[] {4}\r\na") == 0);
  CHECK(imap_reply_length("* OK") == 0);
}
