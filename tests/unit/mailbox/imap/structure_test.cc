// ENVELOPE, BODYSTRUCTURE and sections of messages as programs write them.
#include "mailbox/imap/grammar/structure.h"

#include <catch2/catch.hpp>

using namespace postern::imap;

namespace {

std::string crlf(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? "\r\n" : std::string(1, c);
  return out;
}

const std::string plain = crlf(R"(Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)
From: Terry Gray <gray@cac.washington.edu>
Subject: IMAP4rev1 WG mtg summary and minutes
To: imap@cac.washington.edu
cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>
Message-Id: <B27397-0100000@cac.washington.edu>
MIME-Version: 1.0
Content-Type: TEXT/PLAIN; CHARSET=US-ASCII

one
two
)");

const std::string mixed = crlf(R"(From: a@b.example
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="x"

preamble
--x
Content-Type: multipart/alternative; boundary=y

--y
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

hello
--y
Content-Type: text/html

<p>hello</p>
--y--
--x
Content-Type: application/pdf; name="a b.pdf"
Content-Disposition: attachment; filename="a b.pdf"; size=3
Content-Transfer-Encoding: base64
Content-ID: <part3@b.example>

YWJj
--x
Content-Type: message/rfc822

From: inner@b.example
Subject: inside

inner body
--x--
)");

std::string section(std::string_view message, Section wanted) {
  const auto range = find_section(message, wanted);
  return range ? std::string(message.substr(range->offset, range->length)) : "(none)";
}

}  // namespace

TEST_CASE("the envelope of RFC 3501 comes out as RFC 3501 shows it") {
  CHECK(
      summarise(plain).envelope ==
      R"x(("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev1 WG mtg summary and minutes" )x"
      R"x((("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu")) )x"
      R"x((("Terry Gray" NIL "gray" "cac.washington.edu")) ((NIL NIL "imap" "cac.washington.edu")) )x"
      R"x(((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL )x"
      R"x("<B27397-0100000@cac.washington.edu>"))x");
}

TEST_CASE("an envelope of nothing is complete") {
  CHECK(summarise("").envelope == "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
  CHECK(summarise("garbage\r\n").envelope == "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
}

TEST_CASE("a group in an address list begins and ends with NIL hosts") {
  const std::string text =
      summarise("From: a@b.example\r\nTo: friends: c@d.example;\r\n\r\n").envelope;
  CHECK(text.find(R"(((NIL NIL "friends" NIL)(NIL NIL "c" "d.example")(NIL NIL NIL NIL)))") !=
        std::string::npos);
}

TEST_CASE("what is not ASCII in a header is a literal") {
  CHECK(
      summarise("Subject: gr\xc3\xbc\xc3\x9f\r\n\r\n").envelope.find("{6}\r\ngr\xc3\xbc\xc3\x9f") !=
      std::string::npos);
}

TEST_CASE("a plain message has a structure of one part") {
  CHECK(summarise(plain).body ==
        R"x(("text" "plain" ("charset" "US-ASCII") NIL NIL "7bit" 10 2))x");
  CHECK(summarise(plain).body_structure ==
        R"x(("text" "plain" ("charset" "US-ASCII") NIL NIL "7bit" 10 2 NIL NIL NIL NIL))x");
  CHECK(summarise("").body == R"x(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0))x");
}

TEST_CASE("nested multiparts, attachments and messages are described") {
  CHECK(
      summarise(mixed).body_structure ==
      R"x(((("text" "plain" ("charset" "utf-8") NIL NIL "8bit" 5 0 NIL NIL NIL NIL))x"
      R"x(("text" "html" NIL NIL NIL "7bit" 12 0 NIL NIL NIL NIL) "alternative" ("boundary" "y") NIL NIL NIL))x"
      R"x(("application" "pdf" ("name" "a b.pdf") "<part3@b.example>" NIL "base64" 4 NIL ("attachment" ("filename" "a b.pdf" "size" "3")) NIL NIL))x"
      R"x(("message" "rfc822" NIL NIL NIL "7bit" 52 (NIL "inside" ((NIL NIL "inner" "b.example")) ((NIL NIL "inner" "b.example")) )x"
      R"x(((NIL NIL "inner" "b.example")) NIL NIL NIL NIL NIL) ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 10 0 NIL NIL NIL NIL) 3 NIL NIL NIL NIL))x"
      R"x( "mixed" ("boundary" "x") NIL NIL NIL))x");
}

TEST_CASE("a multipart without parts still has one in the grammar") {
  const std::string text =
      summarise("Content-Type: multipart/mixed; boundary=x\r\n\r\nno part at all\r\n")
          .body_structure;
  CHECK(
      text ==
      R"x((("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL NIL) "mixed" ("boundary" "x") NIL NIL NIL))x");
}

TEST_CASE("file names that are not ASCII go out in the form of RFC 2231") {
  const std::string text = summarise(
                               "Content-Type: application/pdf\r\nContent-Disposition: attachment; "
                               "filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf\r\n\r\nx\r\n")
                               .body_structure;
  CHECK(text.find(R"(("filename*" "utf-8''Gr%C3%BC%C3%9Fe.pdf"))") != std::string::npos);
}

TEST_CASE(
    "a file name that came in the form of RFC 2231 goes out in its own charset and language") {
  const std::string text = summarise(
                               "Content-Type: application/pdf\r\nContent-Disposition: attachment; "
                               "filename*=iso-8859-1'de'Gr%FC%DFe.pdf\r\n\r\nx\r\n")
                               .body_structure;
  CHECK(text.contains(R"("filename*" "iso-8859-1'de'Gr%FC%DFe.pdf")"));
}

TEST_CASE("a file name that came in both forms goes out in both") {
  for (const char* disposition :
       {"attachment; filename=\"Gruesse.pdf\"; filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf",
        "attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf; filename=Gruesse.pdf",
        "attachment; filename*0*=utf-8''Gr%C3%BC; filename=Gruesse.pdf; filename*1*=%C3%9Fe.pdf"}) {
    const std::string text =
        summarise("Content-Disposition: " + std::string(disposition) + "\r\n\r\nx\r\n")
            .body_structure;
    CHECK(text.contains(R"(("filename" "Gruesse.pdf" "filename*" "utf-8''Gr%C3%BC%C3%9Fe.pdf"))"));
  }
}

TEST_CASE("comments and blanks between the words of a type hide nothing of it") {
  for (const char* type :
       {"text / html ; charset = utf-8", "text/html (a page); charset (which) = \"utf-8\" (that)",
        "(x) Text (y) / (z (deep) \\) ) HTML;\r\n charset\r\n =\r\n utf-8"}) {
    INFO(type);
    CHECK(summarise("Content-Type: " + std::string(type) + "\r\n\r\nx\r\n").body ==
          R"(("text" "html" ("charset" "utf-8") NIL NIL "7bit" 3 1))");
  }
}

TEST_CASE("sections are found by their numbers") {
  using Kind = Section::Kind;
  CHECK(section(plain, {{}, Kind::text, {}}) == "one\r\ntwo\r\n");
  CHECK(section(plain, {{1}, Kind::whole, {}}) == "one\r\ntwo\r\n");
  CHECK(section(plain, {{2}, Kind::whole, {}}) == "(none)");
  CHECK(section(mixed, {{}, Kind::whole, {}}) == mixed);
  CHECK(section(mixed, {{1, 1}, Kind::whole, {}}) == "hello");
  CHECK(section(mixed, {{1, 2}, Kind::whole, {}}) == "<p>hello</p>");
  CHECK(section(mixed, {{1, 2}, Kind::mime, {}}) == "Content-Type: text/html\r\n\r\n");
  CHECK(section(mixed, {{2}, Kind::whole, {}}) == "YWJj");
  CHECK(section(mixed, {{3}, Kind::header, {}}) ==
        "From: inner@b.example\r\nSubject: inside\r\n\r\n");
  CHECK(section(mixed, {{3}, Kind::text, {}}) == "inner body");
  CHECK(section(mixed, {{3, 1}, Kind::whole, {}}) == "inner body");
  CHECK(section(mixed, {{1, 3}, Kind::whole, {}}) == "(none)");
  CHECK(section(mixed, {{2}, Kind::header, {}}) == "(none)");
}

TEST_CASE("fields are chosen by name in any case, and an empty line ends them") {
  using Kind = Section::Kind;
  CHECK(select_fields(plain, {{}, Kind::header_fields, {"SUBJECT", "cc", "x-none"}}) ==
        "Subject: IMAP4rev1 WG mtg summary and minutes\r\ncc: minutes@CNRI.Reston.VA.US, John "
        "Klensin <KLENSIN@MIT.EDU>\r\n\r\n");
  CHECK(select_fields("A: 1\r\nB: 2\r\n folded\r\n\r\n", {{}, Kind::header_fields_not, {"a"}}) ==
        "B: 2\r\n folded\r\n\r\n");
  CHECK(select_fields("A: 1\r\n\r\n", {{}, Kind::header_fields, {"b"}}) == "\r\n");
}
