// The grammar of IMAP commands.
#include "mailbox/imap/grammar/request.h"

#include <catch2/catch.hpp>

#include "mailbox/imap/commands/copy.h"
#include "mailbox/imap/commands/fetch/request.h"
#include "mailbox/imap/commands/folders.h"
#include "mailbox/imap/commands/general.h"
#include "mailbox/imap/commands/list_request.h"
#include "mailbox/imap/commands/login.h"
#include "mailbox/imap/commands/select.h"
#include "mailbox/imap/commands/store.h"
#include "mailbox/imap/grammar/append_head.h"
#include "mailbox/store/types.h"

using namespace postern::imap;
namespace flag = postern::mailbox::flag;

TEST_CASE("a line announces a literal at its end and nowhere else") {
  CHECK(literal_at_end("a LOGIN {5}") == LiteralMark{5, true});
  CHECK(literal_at_end("a LOGIN {5+}") == LiteralMark{5, false});
  CHECK(literal_at_end("a LOGIN {0}") == LiteralMark{0, true});
  CHECK_FALSE(literal_at_end("a LOGIN {5} x"));
  CHECK_FALSE(literal_at_end("a LOGIN {}"));
  CHECK_FALSE(literal_at_end("a LOGIN {+}"));
  CHECK_FALSE(literal_at_end("a LOGIN {-5}"));
  CHECK_FALSE(literal_at_end("a LOGIN 5}"));
}

TEST_CASE("a literal's size past 64 bits is the largest there is, not a small one") {
  CHECK(literal_at_end("{18446744073709551615}")->size == UINT64_MAX);
  CHECK(literal_at_end("{18446744073709551616}")->size == UINT64_MAX);
  CHECK(literal_at_end("{99999999999999999999999999+}")->size == UINT64_MAX);
}

TEST_CASE("a command has a tag and a name") {
  const auto request = parse_request("a1 uid fetch 1 FLAGS");
  REQUIRE(request);
  CHECK(request->tag == "a1");
  CHECK(request->name == "UID FETCH");
  CHECK(request->arguments == " 1 FLAGS");
  CHECK(request->is_by_uid());
  CHECK_FALSE(parse_request("a1 fetch 1 FLAGS")->is_by_uid());
  CHECK(parse_request("").error().tag == "*");
  CHECK(parse_request(" NOOP").error().tag == "*");
  CHECK(parse_request("+ NOOP").error().tag == "*");
  CHECK(parse_request("a(b NOOP").error().tag == "*");
  CHECK(parse_request("a\rb NOOP").error().tag == "*");
  CHECK(parse_request(std::string(300, 'a') + " NOOP").error().tag == "*");
  CHECK(parse_request("a").error().tag == "a");
  CHECK(parse_request("a UID").error().tag == "a");
}

TEST_CASE("LOGIN takes atoms, quoted strings and literals") {
  for (const std::string_view text :
       {" ann secret", " \"ann\" \"secret\"", " {3}\r\nann {6+}\r\nsecret", " ann {6}\r\nsecret"}) {
    const auto login = LoginRequest::parse(text);
    INFO(text);
    REQUIRE(login);
    CHECK(login->user == "ann");
    CHECK(login->password == "secret");
  }
  CHECK(LoginRequest::parse(R"( ann "a\"b\\c")")->password == R"(a"b\c)");
  for (const std::string_view text : {"", " ann", " ann ", " ann secret x", " \"ann secret",
                                      " {9}\r\nann secret", " ann {3}secret", " a\"b c"}) {
    INFO(text);
    CHECK_FALSE(LoginRequest::parse(text));
  }
  CHECK_FALSE(LoginRequest::parse(std::string_view(" ann {3}\r\na\0b", 14)));
}

TEST_CASE("mailbox names are modified UTF-7 or UTF-8, and INBOX has no case") {
  CHECK(parse_mailbox(" inbox").value() == "INBOX");
  CHECK(parse_mailbox(" iNbOx/Sub").value() == "INBOX/Sub");
  CHECK(parse_mailbox(" inboxes").value() == "inboxes");
  CHECK(parse_mailbox(" \"Entw&APw-rfe\"").value() == "Entwürfe");
  CHECK(parse_mailbox(" \"Entwürfe\"").value() == "Entwürfe");
  CHECK(parse_mailbox(" R&-D").value() == "R&D");
  CHECK_FALSE(parse_mailbox(" \"a&b\""));
  CHECK_FALSE(parse_mailbox(" \"\xff\xfe\""));
  CHECK_FALSE(parse_mailbox(" a b"));
}

TEST_CASE("FETCH reads items, macros, sections and partials") {
  struct Row {
    std::string_view text;
    std::vector<std::string> labels;
  };
  const Row rows[] = {
      {" 1 FLAGS", {"FLAGS"}},
      {" 1:* (FLAGS UID)", {"FLAGS", "UID"}},
      {" 2,4:6 ALL", {"FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"}},
      {" 1 fast", {"FLAGS", "INTERNALDATE", "RFC822.SIZE"}},
      {" 1 FULL", {"FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"}},
      {" 1 BODY", {"BODY"}},
      {" 1 BODYSTRUCTURE", {"BODYSTRUCTURE"}},
      {" 1 BODY[]", {"BODY[]"}},
      {" 1 BODY.PEEK[TEXT]", {"BODY[TEXT]"}},
      {" 1 (body.peek[1.2.mime] RFC822.TEXT)", {"BODY[1.2.MIME]", "RFC822.TEXT"}},
      {" 1 BODY[3]<0.100>", {"BODY[3]"}},
      {" 1 BODY[HEADER.FIELDS (To \"Subject\")]", {"BODY[HEADER.FIELDS (To Subject)]"}},
      {" 1 BODY[4.1.HEADER.FIELDS.NOT (To)]", {"BODY[4.1.HEADER.FIELDS.NOT (To)]"}},
      {" 1 BODY[HEADER.FIELDS ({2}\r\nTo)]", {"BODY[HEADER.FIELDS (To)]"}},
      {" 1 (RFC822 RFC822.HEADER RFC822.SIZE MODSEQ)",
       {"RFC822", "RFC822.HEADER", "RFC822.SIZE", "MODSEQ"}},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const auto fetch = FetchRequest::parse(row.text);
    REQUIRE(fetch);
    std::vector<std::string> labels;
    for (const FetchItem& item : fetch->items) labels.push_back(item.label);
    CHECK(labels == row.labels);
  }
  const auto fetch = FetchRequest::parse(" 1 (BODY.PEEK[1.2]<5.10>) (CHANGEDSINCE 12 VANISHED)");
  REQUIRE(fetch);
  CHECK(fetch->items[0].peek);
  CHECK(fetch->items[0].section.part == std::vector<std::uint32_t>{1, 2});
  CHECK(fetch->items[0].partial == FetchItem::Partial{5, 10});
  CHECK(fetch->changed_since == 12u);
  CHECK(fetch->vanished);
}

TEST_CASE("FETCH refuses what is not in the grammar") {
  for (const std::string_view text : {" 1",
                                      " FLAGS",
                                      " 1 ()",
                                      " 1 (FLAGS",
                                      " 1 FLAGS)",
                                      " 1 NOTHING",
                                      " 0 FLAGS",
                                      " 1: FLAGS",
                                      " 4294967296 FLAGS",
                                      " 1 BODY[",
                                      " 1 BODY[0]",
                                      " 1 BODY[1.]",
                                      " 1 BODY[MIME]",
                                      " 1 BODY[HEADER.FIELDS]",
                                      " 1 BODY[HEADER.FIELDS ()]",
                                      " 1 BODY[]<0>",
                                      " 1 BODY[]<0.0>",
                                      " 1 BODY[]<4294967296.1>",
                                      " 1 (ALL)",
                                      " 1 FLAGS (VANISHED)",
                                      " 1 FLAGS (CHANGEDSINCE 9223372036854775808)"}) {
    INFO(text);
    CHECK_FALSE(FetchRequest::parse(text));
  }
}

TEST_CASE("STORE reads its operation and flags") {
  const auto store = StoreRequest::parse(
      " 1:3 (UNCHANGEDSINCE 7) -FLAGS.SILENT (\\Seen \\DELETED $Junk \\Recent)");
  REQUIRE(store);
  CHECK(store->operation == postern::mailbox::FlagOperation::remove);
  CHECK(store->silent);
  CHECK(store->unchanged_since == 7u);
  CHECK(store->flags.system_flags == (flag::seen | flag::deleted));
  CHECK(store->flags.keywords == std::vector<std::string>{"$Junk"});
  CHECK(StoreRequest::parse(" 1 FLAGS \\Seen \\Draft")->operation ==
        postern::mailbox::FlagOperation::replace);
  CHECK(StoreRequest::parse(" 1 +flags ()"));
  for (const std::string_view text : {" 1 FLAGS", " 1 FLAGS (\\Nothing)", " 1 FLAG (\\Seen)",
                                      " 1 *FLAGS (\\Seen)", " 1 FLAGS (a b", " 1 FLAGS (a]b)"}) {
    INFO(text);
    CHECK_FALSE(StoreRequest::parse(text));
  }
}

TEST_CASE("APPEND's head ends where its message is announced") {
  std::string mailbox;
  auto head = parse_append(" Sent (\\Seen $x) \"17-Jul-1996 02:44:25 -0700\" {310}", &mailbox);
  REQUIRE(head);
  REQUIRE(head->has_value());
  CHECK(mailbox == "Sent");
  CHECK((*head)->flags.system_flags == flag::seen);
  CHECK((*head)->internal_date == 837596665);
  head = parse_append(" {4}\r\nSent {310+}", &mailbox);
  REQUIRE(head);
  CHECK(head->has_value());
  head = parse_append(" {4}", &mailbox);
  REQUIRE(head);
  CHECK_FALSE(head->has_value());
  CHECK(parse_append(" (\\Seen) {3}", nullptr)->has_value());
  CHECK_FALSE(parse_append(" Sent (\\Seen) x {3}", &mailbox));
  CHECK_FALSE(parse_append(" Sent \"17-Jul-1996\" {3}", &mailbox));
  CHECK_FALSE(parse_append(" Sent \"32-Jul-1996 02:44:25 -0700\" {3}", &mailbox));
  CHECK_FALSE(parse_append(" Sent \"29-Feb-2023 02:44:25 -0700\" {3}", &mailbox));
}

TEST_CASE("LIST reads the options of RFC 5258") {
  auto list = ListRequest::parse(" \"\" %");
  REQUIRE(list);
  CHECK_FALSE(list->extended);
  CHECK(list->patterns == std::vector<std::string>{"%"});
  list = ListRequest::parse(
      " (SUBSCRIBED RECURSIVEMATCH) \"\" (\"INBOX\" \"Work/%\") RETURN (CHILDREN SPECIAL-USE "
      "STATUS (MESSAGES UNSEEN))");
  REQUIRE(list);
  CHECK(list->select_subscribed);
  CHECK(list->select_recursive);
  CHECK(list->patterns.size() == 2);
  CHECK(list->return_children);
  CHECK(list->return_status == std::vector{StatusItem::messages, StatusItem::unseen});
  CHECK_FALSE(ListRequest::parse(" (RECURSIVEMATCH) \"\" %"));
  CHECK_FALSE(ListRequest::parse(" (RECURSIVEMATCH REMOTE) \"\" %"));
  CHECK(ListRequest::parse(" (SPECIAL-USE RECURSIVEMATCH) \"\" %"));
  CHECK_FALSE(ListRequest::parse(" \"\""));
  CHECK_FALSE(ListRequest::parse(" \"\" % RETURN"));
}

TEST_CASE("SELECT reads CONDSTORE and QRESYNC") {
  CHECK(SelectRequest::parse(" INBOX (CONDSTORE)")->condstore);
  const auto select = SelectRequest::parse(
      " INBOX (QRESYNC (67890007 90060115194045000 41:211,214:541 (1,3 1,5)))");
  REQUIRE(select);
  REQUIRE(select->resync);
  CHECK(select->resync->uid_validity == 67890007);
  CHECK(select->resync->modseq == 90060115194045000);
  CHECK(select->resync->known_uids);
  CHECK(SelectRequest::parse(" INBOX (QRESYNC (1 2))"));
  CHECK_FALSE(SelectRequest::parse(" INBOX (QRESYNC 1 2)"));
}

TEST_CASE("the other commands read their arguments") {
  CHECK(CreateRequest::parse(" Sent (USE (\\Sent))")->uses == std::vector<std::string>{"\\SENT"});
  CHECK(StatusRequest::parse(" INBOX (MESSAGES UIDNEXT HIGHESTMODSEQ)")->items.size() == 3);
  CHECK_FALSE(StatusRequest::parse(" INBOX ()"));
  CHECK(CopyRequest::parse(" 1:2 Work")->mailbox == "Work");
  CHECK(parse_two_mailboxes(" a b")->second == "b");
  CHECK(parse_enable(" condstore X-Y")->front() == "CONDSTORE");
  CHECK(parse_id(" NIL"));
  CHECK(parse_id(" (\"name\" \"x\" \"version\" NIL)"));
  CHECK(parse_nothing(""));
  CHECK_FALSE(parse_nothing(" x"));
  CHECK(AuthenticateRequest::parse(" PLAIN AGEAYg==")->initial_response == "AGEAYg==");
  CHECK(AuthenticateRequest::parse(" plain")->mechanism == "PLAIN");
  CHECK(AuthenticateRequest::parse(" PLAIN =")->initial_response == "=");
}
