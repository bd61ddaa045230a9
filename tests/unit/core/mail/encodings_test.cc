// The octet encodings of mail, on what the RFCs and real programs write.
#include "core/mail/encodings.h"

#include <catch2/catch.hpp>

#include "core/mail/charset.h"
#include "core/mail/dot_stuffing.h"
#include "core/mail/status.h"

using namespace postern::mail;

TEST_CASE("base64 of RFC 4648") {
  const std::pair<std::string, std::string> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"},
                                                       {std::string("\0a\0b", 4), "AGEAYg=="},
                                                       {"\xff\xfe\xfd", "//79"}};
  for (const auto& [bytes, text] : cases) {
    CHECK(base64_encode(bytes) == text);
    CHECK(base64_decode(text) == bytes);
    CHECK(base64_decode_body(text) == bytes);
  }
}

TEST_CASE("credentials in base64 that is not canonical are refused") {
  for (const char* text : {"Zg=", "Zg", "Zg===", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9", "Zm9v\n", "=",
                           "====", "Z===", "-_-_"}) {
    INFO(text);
    CHECK_FALSE(base64_decode(text).has_value());
  }
}

TEST_CASE("a base64 body forgives what encoders do wrong") {
  CHECK(base64_decode_body("Zm9v\r\nYmFy\r\n") == "foobar");
  CHECK(base64_decode_body("Zm9vYg") == "foob");
  CHECK(base64_decode_body("Zg==Zg==") == "ff");
  CHECK(base64_decode_body("!Zm9v*") == "foo");
  CHECK(base64_lines(std::string(58, 'a')) == base64_encode(std::string(57, 'a')) + "\r\nYQ==\r\n");
}

TEST_CASE("quoted-printable") {
  CHECK(quoted_printable_encode("a=b \r\nc\t\r\n") == "a=3Db=20\r\nc=09\r\n");
  CHECK(quoted_printable_encode("\xc3\xa4") == "=C3=A4");
  CHECK(quoted_printable_encode("From me") == "=46rom me");
  CHECK(quoted_printable_encode("a\rb\nc") == "a=0Db=0Ac");
  const std::string soft = quoted_printable_encode(std::string(100, 'x'));
  CHECK(soft == std::string(75, 'x') + "=\r\n" + std::string(25, 'x'));
  const std::pair<std::string, std::string> cases[] = {{"a=3Db", "a=b"},
                                                       {"a=3db", "a=b"},
                                                       {"soft=\r\nline", "softline"},
                                                       {"soft= \t\r\nline", "softline"},
                                                       {"trail  \r\nx", "trail\r\nx"},
                                                       {"bad=ZZ", "bad=ZZ"},
                                                       {"end=", "end"},
                                                       {"a=4", "a=4"},
                                                       {"soft=\nline", "softline"},
                                                       {"a  b", "a  b"}};
  for (const auto& [text, bytes] : cases) {
    INFO(text);
    CHECK(quoted_printable_decode(text) == bytes);
  }
}

TEST_CASE("xtext") {
  CHECK(xtext_encode("a+b=c d\x01") == "a+2Bb+3Dc+20d+01");
  CHECK(xtext_decode("a+2Bb") == "a+b");
  for (const char* text : {"a+2", "a+", "a=b", "a b", "a+ZZ"})
    CHECK_FALSE(xtext_decode(text).has_value());
}

TEST_CASE("mailbox names in modified UTF-7") {
  const std::pair<std::string, std::string> cases[] = {
      {"INBOX", "INBOX"},
      {"a&b", "a&-b"},
      {"Entw\xc3\xbcrfe", "Entw&APw-rfe"},
      {"~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
       "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
      {"\xf0\x9f\x93\xa7", "&2D3c5w-"},
      {"", ""},
      {"&&", "&-&-"}};
  for (const auto& [utf8, text] : cases) {
    INFO(text);
    CHECK(modified_utf7_encode(utf8) == text);
    CHECK(modified_utf7_decode(text) == utf8);
  }
  for (const char* text : {"&", "&APw", "&AGE-", "&APw-&APw-", "&AP-", "&2D0-", "&3c4-", "&APx-",
                           "a\xc3\xbc", "&A/w-", "&AAo"}) {
    INFO(text);
    CHECK_FALSE(modified_utf7_decode(text).has_value());
  }
}

TEST_CASE("what is UTF-8 and what is not") {
  for (const char* text :
       {"", "abc", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x93\xa7", "\xf4\x8f\xbf\xbf"})
    CHECK(is_valid_utf8(text));
  for (const char* text : {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                           "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "a\xff"})
    CHECK_FALSE(is_valid_utf8(text));
}

TEST_CASE("charsets become UTF-8") {
  CHECK(to_utf8("iso-8859-1", "\xe4\x80") == "\xc3\xa4\xe2\x82\xac");
  CHECK(to_utf8("ISO-8859-15", "\xa4") == "\xe2\x82\xac");
  CHECK(to_utf8("koi8-r", "\xf2") == "\xd0\xa0");
  CHECK(to_utf8("Shift_JIS", "\x93\xfa\x96\x7b") == "\xe6\x97\xa5\xe6\x9c\xac");
  CHECK(to_utf8("iso-2022-jp", "\x1b$BF|K\\\x1b(B") == "\xe6\x97\xa5\xe6\x9c\xac");
  CHECK(to_utf8("gb2312", "\xc4\xe3") == "\xe4\xbd\xa0");
  CHECK(to_utf8("big5", "\xa7\x41") == "\xe4\xbd\xa0");
  CHECK(to_utf8("euc-kr", "\xc7\xd1") == "\xed\x95\x9c");
  CHECK(to_utf8("utf-8", "a\xff") == "a\xef\xbf\xbd");
  CHECK(to_utf8("us-ascii", "\xc3\xa4") == "\xc3\xa4");
  CHECK_FALSE(to_utf8("no-such-charset", "a").has_value());
  CHECK_FALSE(to_utf8("ibm-37,swaplfnl", "a").has_value());
  CHECK_FALSE(to_utf8("", "a").has_value());
  CHECK(guess_utf8("\xe4") == "\xc3\xa4");
}

TEST_CASE("enhanced status codes") {
  CHECK(StatusCode::parse("5.1.1") == StatusCode{5, 1, 1});
  CHECK(StatusCode::at_start("4.7.650 try later") == StatusCode{4, 7, 650});
  CHECK(StatusCode::of_reply(550, "5.1.1 No such user") == StatusCode{5, 1, 1});
  CHECK(StatusCode::of_reply(450, "5.1.1 confused") == StatusCode{4, 0, 0});
  CHECK(StatusCode::of_reply(250, "OK") == StatusCode{2, 0, 0});
  CHECK(StatusCode{5, 7, 26}.text() == "5.7.26");
  for (const char* text :
       {"", "5", "5.1", "5.1.", "3.1.1", "5.01.1", "5.1.1000", "5.1.1.1", " 5.1.1"}) {
    INFO(text);
    CHECK_FALSE(StatusCode::parse(text).has_value());
  }
  CHECK_FALSE(StatusCode::at_start("5.1.1x").has_value());
}

namespace {
struct Decoded {
  std::string text, rest;
  bool done, bare;
};
Decoded decode(std::string_view wire, std::size_t step) {
  DotDecoder decoder;
  Decoded result{};
  std::size_t at = 0;
  while (at < wire.size() && !decoder.done())
    at += decoder.decode(wire.substr(at, step), result.text);
  result.rest = wire.substr(at);
  result.done = decoder.done();
  result.bare = decoder.saw_bare_line_end();
  return result;
}
}  // namespace

TEST_CASE("only CRLF.CRLF ends a message, wherever packets are cut") {
  struct Case {
    std::string wire, text, rest;
    bool done, bare;
  };
  const Case cases[] = {
      {"a\r\n.\r\nQUIT\r\n", "a\r\n", "QUIT\r\n", true, false},
      {".\r\nX", "", "X", true, false},
      {"..a\r\n...\r\n.\r\n", ".a\r\n..\r\n", "", true, false},
      {".a\r\n.\r\n", "a\r\n", "", true, false},
      {"a\n.\nb\r\n.\r\n", "a\n.\nb\r\n", "", true, true},
      {"a\r.\rb\r\n.\r\n", "a\r.\rb\r\n", "", true, true},
      {"a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n", "", true, true},
      {"a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n", "", true, true},
      {"a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n", "", true, true},
      {"a\r\r\n.\r\n", "a\r\r\n", "", true, true},
      {"a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n", "", true, true},
      {"a\r\n.", "a\r\n", "", false, false},
  };
  for (const Case& c : cases) {
    for (const std::size_t step : {1, 2, 3, 5, 100}) {
      INFO(c.wire << " by " << step);
      const Decoded decoded = decode(c.wire, step);
      CHECK(decoded.text == c.text);
      CHECK(decoded.done == c.done);
      CHECK(decoded.bare == c.bare);
      CHECK(decoded.rest == c.rest);
    }
  }
}

TEST_CASE("what is encoded decodes to itself, and never ends early") {
  for (const std::string text :
       {"", "a", "a\r\n", ".\r\n", "..\r\n.a\r\nb", "\r\n.\r\n\r\n", "a\r\n."}) {
    for (const std::size_t step : {1, 2, 100}) {
      DotEncoder encoder;
      std::string wire;
      for (std::size_t at = 0; at < text.size(); at += step)
        encoder.encode(text.substr(at, step), wire);
      encoder.finish(wire);
      const Decoded decoded = decode(wire + "NOOP", 3);
      INFO(text);
      CHECK(decoded.done);
      CHECK(decoded.rest == "NOOP");
      CHECK(decoded.text == (text.empty() || text.ends_with("\r\n") ? text : text + "\r\n"));
    }
  }
}

TEST_CASE("the encoder lets no bare line end out") {
  DotEncoder encoder;
  std::string wire;
  encoder.encode("a\n.\nb\r.\r", wire);
  encoder.finish(wire);
  CHECK(wire == "a\r\n..\r\nb\r\n..\r\n.\r\n");
}

TEST_CASE(
    "only clean lines of at most 998 octets may go on the wire, whatever the packet borders") {
  struct Row {
    std::string text;
    bool is_fit;
  };
  const std::string full(998, 'x');
  // clang-format off
  for (const Row& row : {
      Row{"",                          true},
      Row{"a\r\n\r\n.\r\n",            true},
      Row{"a",                         true},
      Row{full + "\r\n" + full,        true},
      Row{full + "x\r\n",              false},
      Row{"\r\n" + full + "x",         false},
      Row{"a\nb\r\n",                  false},
      Row{"a\rb\r\n",                  false},
      Row{"a\r\r\n",                   false},
      Row{"\n",                        false},
      Row{"a\r\n\n",                   false},
      Row{"a\r",                       false}}) {
    // clang-format on
    for (const std::size_t step : {1, 2, 3, 5000}) {
      LineCheck check;
      bool is_fit = true;
      for (std::size_t at = 0; at < row.text.size(); at += step)
        is_fit = check.update(std::string_view(row.text).substr(at, step));
      INFO(row.text << " by " << step);
      CHECK((is_fit && check.finish()) == row.is_fit);
    }
  }
}

TEST_CASE("line ends are normalised") {
  CHECK(with_crlf("a\nb\rc\r\nd\r") == "a\r\nb\r\nc\r\nd\r\n");
  CHECK(has_clean_line_ends("a\r\n\r\nb"));
  CHECK_FALSE(has_clean_line_ends("a\n"));
  CHECK_FALSE(has_clean_line_ends("a\r"));
  CHECK_FALSE(has_clean_line_ends("a\r\n\nb"));
  CHECK_FALSE(has_clean_line_ends("a\r\r\n"));
}
