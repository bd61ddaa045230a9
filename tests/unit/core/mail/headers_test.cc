// Header blocks, encoded words, dates and address lists as real mail has them.
#include "core/mail/headers.h"

#include <catch2/catch.hpp>

#include "core/mail/encodings.h"

using namespace postern::mail;
using Kind = MailboxEntry::Kind;

TEST_CASE("a header block is split into fields with their places") {
  const std::string text =
      "From: a@b.example\r\nSubject : folded\r\n\tsubject \r\nX-Empty:\r\n\r\nbody: no\r\n";
  const HeaderBlock block = HeaderBlock::parse(text);
  REQUIRE(block.fields().size() == 3);
  CHECK(block.size() == text.find("body"));
  CHECK(block.fields_size() == block.size() - 2);
  CHECK(block.value("subject") == "folded\tsubject");
  CHECK(block.value("x-empty") == "");
  CHECK_FALSE(block.value("To").has_value());
  const HeaderField& subject = block.fields()[1];
  CHECK(subject.name == "Subject");
  CHECK(text.substr(subject.begin, subject.end - subject.begin) ==
        "Subject : folded\r\n\tsubject \r\n");
  CHECK_FALSE(block.has_malformed_line());
}

TEST_CASE("only an empty line ends a header, and only CRLF ends a line") {
  CHECK(HeaderBlock::parse("\r\nbody").fields().empty());
  CHECK(HeaderBlock::parse("").fields().empty());
  const HeaderBlock odd = HeaderBlock::parse("A: 1\r\nno field here\r\nB: 2\r\n\r\n");
  CHECK(odd.has_malformed_line());
  CHECK(odd.value("B") == "2");
  const HeaderBlock bare = HeaderBlock::parse("A: 1\n\nFrom: x\r\nB: 2\r\n\r\n");
  CHECK(bare.value("A") == "1  From: x");
  CHECK(bare.count("From") == 0);
  CHECK(HeaderBlock::parse(" starts with a blank\r\nA: 1\r\n\r\n").has_malformed_line());
  CHECK(HeaderBlock::parse("From me Mon Jan 1\r\nA: 1\r\n\r\n").has_malformed_line());
}

TEST_CASE("a header over its limits is told, and its body still found") {
  const auto [fields, size] = GENERATE(table<int, std::size_t>({{10'050, 1}, {2'000, 600}}));
  std::string text;
  for (int i = 0; i < fields; ++i) text += "A: " + std::string(size, '1') + "\r\n";
  text += "\r\nbody";
  const HeaderBlock block = HeaderBlock::parse(text);
  CHECK_FALSE(block.is_complete());
  CHECK(text.substr(block.size()) == "body");
}

TEST_CASE("encoded words are decoded") {
  const std::pair<std::string, std::string> cases[] = {
      {"plain", "plain"},
      {"=?utf-8?Q?caf=C3=A9?=", "caf\xc3\xa9"},
      {"=?ISO-8859-1?Q?a_b?= c", "a b c"},
      {"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"},
      {"=?ISO-8859-1?Q?a?=\r\n  =?ISO-8859-2?Q?b?=", "ab"},
      {"=?utf-8?B?w6Q=?= x =?utf-8?b?w7Y=?=", "\xc3\xa4 x \xc3\xb6"},
      {"=?utf-8?B?4oI=?= =?utf-8?B?rA==?=", "\xe2\x82\xac"},  // a character split between two words
      {"=?us-ascii*en?Q?hi?=", "hi"},
      {"=?unknown?Q?hi?=", "hi"},
      {"=?utf-8?X?hi?=", "=?utf-8?X?hi?="},
      {"=?utf-8?Q?never ends", "=?utf-8?Q?never ends"},
      {"a=?utf-8?Q?b?=c", "abc"},
      {"=?utf-8?Q?with blank?=", "with blank"},
      {"=?utf-8?Q?=0D=0AX:_1?=", "  X: 1"},
      {"raw \xe4", "raw \xc3\xa4"},
      {"raw \xc3\xa4", "raw \xc3\xa4"},
      {"=?utf-8?Q?\?= x", " x"},
      {"=?=?=?=?", "=?=?=?=?"},
      {"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "\xe6\x97\xa5\xe6\x9c\xac"},
      {"=?utf-8?Q?a_?=", "a "},
  };
  for (const auto& [text, utf8] : cases) {
    INFO(text);
    CHECK(decode_words(text) == utf8);
  }
}

TEST_CASE("what is written as encoded words reads back, in words of at most 75 octets") {
  const std::string long_text = [] {
    std::string text =
        "Gr\xc3\xbc\xc3\x9f"
        "e: ";
    for (int i = 0; i < 40; ++i) text += "\xe6\x97\xa5\xe6\x9c\xac ";
    return text + "end";
  }();
  for (const std::string& text :
       {std::string("plain words"), std::string("caf\xc3\xa9 au lait"),
        std::string("looks =?like?= one"), long_text,
        "mostly plain text with one \xc3\xa4 in it " + std::string(100, 'x'),
        std::string(950, 'y')}) {
    const std::string encoded = encode_words(text);
    INFO(encoded);
    CHECK(is_ascii(encoded));
    CHECK(decode_words(encoded) == text);
    for (std::size_t begin = 0; begin < encoded.size();) {
      const std::size_t end = std::min(encoded.find(' ', begin), encoded.size());
      if (encoded.substr(begin).starts_with("=?")) CHECK(end - begin <= 75);
      begin = end + 1;
    }
  }
  CHECK(encode_words("plain words") == "plain words");
}

TEST_CASE("folding breaks at blanks and unfolds to the same") {
  std::string words;
  for (int i = 0; i < 50; ++i) words += (i ? " word" : "word") + std::to_string(i);
  const std::string folded = fold(words, 9);
  CHECK(unfold(folded) == words);
  for (std::size_t begin = 0; begin < folded.size();) {
    const std::size_t end = std::min(folded.find("\r\n", begin), folded.size());
    CHECK(end - begin <= 78);
    begin = end + 2;
  }
  CHECK(fold(std::string(200, ' '), 3) == std::string(200, ' '));
}

TEST_CASE("dates are read as they are written in the wild") {
  using namespace std::chrono;
  const sys_seconds noon = sys_days(year(2003) / 7 / 1) + hours(10) + minutes(52) + seconds(37);
  const std::pair<std::string, DateTime> cases[] = {
      {"Tue, 1 Jul 2003 10:52:37 +0200", {noon - hours(2), hours(2)}},
      {"1 Jul 2003 10:52:37 +0000", {noon, minutes(0)}},
      {"Tue, 01 Jul 03 10:52:37 GMT", {noon, minutes(0)}},
      {"Tue, 1 Jul 2003 10:52:37 -0700 (PDT)", {noon + hours(7), -hours(7)}},
      {"Tue, 1 Jul 2003 10:52:37 EST", {noon + hours(5), -hours(5)}},
      {"Tue, 1 Jul 2003\r\n 10:52:37 +0530", {noon - minutes(330), minutes(330)}},
      {"Tue , 1 Jul 2003 10:52:37 Z", {noon, minutes(0)}},
      {"tue, 1 JUL 2003 10:52:37", {noon, minutes(0)}},
      {"1-Jul-2003 10:52:37 +0000", {noon, minutes(0)}},
      {"Tue, 1 Jul 103 10:52:37 +0000", {noon, minutes(0)}},
      {"Tue (a (nested) comment), 1 Jul 2003 10:52:37 +0000", {noon, minutes(0)}},
      {"Tue, 1 July 2003 10:52:37 +0000", {noon, minutes(0)}},
      {"Tue, 1 Jul 2003 10:52 +0000", {noon - seconds(37), minutes(0)}},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    const auto date = parse_date(text);
    REQUIRE(date.has_value());
    CHECK(date->time == expected.time);
    CHECK(date->zone == expected.zone);
  }
  for (const char* text :
       {"", "yesterday", "31 Feb 2003 10:00:00 +0000", "1 Jul 2003", "1 Foo 2003 10:00:00",
        "1 Jul 2003 25:00:00", "(((((", "1 Jul 2003 10:61"}) {
    INFO(text);
    CHECK_FALSE(parse_date(text).has_value());
  }
  CHECK(format_date(noon, hours(2)) == "Tue, 1 Jul 2003 12:52:37 +0200");
  CHECK(format_date(noon, -minutes(210)) == "Tue, 1 Jul 2003 07:22:37 -0330");
  CHECK(format_date(noon) == "Tue, 1 Jul 2003 10:52:37 +0000");
}

TEST_CASE("address lists") {
  struct Case {
    std::string text;
    std::vector<MailboxEntry> entries;
    bool clean;
  };
  const Case cases[] = {
      {"a@b.example", {{Kind::mailbox, "", "", "a", "b.example"}}, true},
      {"Ann <a@b.example>", {{Kind::mailbox, "Ann", "", "a", "b.example"}}, true},
      {"\"Doe, John\" <jd@b.example>, x@y.example",
       {{Kind::mailbox, "Doe, John", "", "jd", "b.example"},
        {Kind::mailbox, "", "", "x", "y.example"}},
       true},
      {"a@b.example (Ann Example)", {{Kind::mailbox, "Ann Example", "", "a", "b.example"}}, true},
      {"John Q. Public <jqp@b.example>",
       {{Kind::mailbox, "John Q. Public", "", "jqp", "b.example"}},
       true},
      {"<@r1.example,@r2.example:a@b.example>",
       {{Kind::mailbox, "", "@r1.example,@r2.example", "a", "b.example"}},
       true},
      {"\"a b\"@c.example", {{Kind::mailbox, "", "", "a b", "c.example"}}, true},
      {"a@[192.0.2.1]", {{Kind::mailbox, "", "", "a", "[192.0.2.1]"}}, true},
      {"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
       {{Kind::mailbox, "Pete", "", "pete", "silly.test"}},
       true},
      {"Friends: a@b.example, C <c@d.example>;",
       {{Kind::group_start, "Friends", "", "", ""},
        {Kind::mailbox, "", "", "a", "b.example"},
        {Kind::mailbox, "C", "", "c", "d.example"},
        {Kind::group_end, "", "", "", ""}},
       true},
      {"undisclosed-recipients:;",
       {{Kind::group_start, "undisclosed-recipients", "", "", ""},
        {Kind::group_end, "", "", "", ""}},
       true},
      {"=?utf-8?Q?J=C3=B6rg?= <j@b.example>",
       {{Kind::mailbox, "=?utf-8?Q?J=C3=B6rg?=", "", "j", "b.example"}},
       true},
      {"j\xc3\xb6rg@b.example", {{Kind::mailbox, "", "", "j\xc3\xb6rg", "b.example"}}, true},
      {",, a@b.example ,,", {{Kind::mailbox, "", "", "a", "b.example"}}, true},
      {"", {}, true},
      {"Ann\r\n <a@b.example>,\r\n\tBob <b@b.example>",
       {{Kind::mailbox, "Ann", "", "a", "b.example"}, {Kind::mailbox, "Bob", "", "b", "b.example"}},
       true},
      {"<>", {{Kind::mailbox, "", "", "", ""}}, false},
      {"root", {{Kind::mailbox, "", "", "root", ""}}, false},
      {"ceo@victim.example <me@b.example>",
       {{Kind::mailbox, "ceo@victim.example", "", "me", "b.example"}},
       false},
      {"a@b@c.example", {{Kind::mailbox, "", "", "a@b", "c.example"}}, false},
      {"<a@b.example> <c@d.example>",
       {{Kind::mailbox, "", "", "a", "b.example"}, {Kind::mailbox, "", "", "c", "d.example"}},
       false},
      {"a b@c.example", {{Kind::mailbox, "", "", "ab", "c.example"}}, false},
      {"\"open <a@b.example>", {{Kind::mailbox, "", "", "open <a@b.example>", ""}}, false},
      {"Ann <a@b.example", {{Kind::mailbox, "Ann", "", "a", "b.example"}}, false},
      {"a@b.example (open", {{Kind::mailbox, "open", "", "a", "b.example"}}, false},
      {"Group: a@b.example",
       {{Kind::group_start, "Group", "", "", ""},
        {Kind::mailbox, "", "", "a", "b.example"},
        {Kind::group_end, "", "", "", ""}},
       false},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    const AddressList list = parse_address_list(c.text);
    CHECK(list.is_clean == c.clean);
    REQUIRE(list.entries.size() == c.entries.size());
    for (std::size_t i = 0; i < c.entries.size(); ++i) {
      CHECK(list.entries[i].kind == c.entries[i].kind);
      CHECK(list.entries[i].display_name == c.entries[i].display_name);
      CHECK(list.entries[i].route == c.entries[i].route);
      CHECK(list.entries[i].local_part == c.entries[i].local_part);
      CHECK(list.entries[i].domain == c.entries[i].domain);
    }
  }
}

TEST_CASE("where bare addresses are allowed a local part alone is clean, and nothing else new is") {
  for (const char* text : {"root", "<root>", "root (Cron Daemon)", "a.b, \"c d\", Ann <ann>",
                           "ann@b.example, root", "Group: root;"}) {
    CAPTURE(text);
    CHECK(parse_address_list(text, BareAddress::allowed).is_clean);
    CHECK_FALSE(parse_address_list(text).is_clean);
  }
  for (const char* text : {"a b", "ann@", "<>", "a.", "a@b.example c@d.example", "<root> x"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_address_list(text, BareAddress::allowed).is_clean);
  }
  const auto cron = parse_address_list("root (Cron Daemon)", BareAddress::allowed);
  REQUIRE(cron.entries.size() == 1);
  CHECK(cron.entries.front().address() == "root");
  CHECK(cron.entries.front().display_name == "Cron Daemon");
}

TEST_CASE("message ids are found among comments and rubbish") {
  CHECK(parse_message_ids("<a@b> (x) <c@d>\r\n <e@f>") ==
        std::vector<std::string>{"<a@b>", "<c@d>", "<e@f>"});
  CHECK(parse_message_ids("<a <b@c> <> <unclosed").size() == 1);
}

TEST_CASE("an envelope's Sender and Reply-To default to From") {
  const std::string text =
      "From: A <a@b.example>\r\nTo: x@y.example\r\nTo: z@y.example\r\nSubject: "
      "=?utf-8?Q?a?=\r\n\r\n";
  const MessageEnvelope envelope = message_envelope(HeaderBlock::parse(text));
  CHECK(envelope.sender.size() == 1);
  CHECK(envelope.reply_to.front().local_part == "a");
  CHECK(envelope.to.size() == 2);
  CHECK(envelope.subject == "=?utf-8?Q?a?=");
  CHECK_FALSE(envelope.date.has_value());
}
