// The parts of messages and their offsets, by IMAP's part numbers.
#include "core/mail/mime.h"

#include <catch2/catch.hpp>

#include "core/mail/compose.h"
#include "core/mail/dot_stuffing.h"
#include "core/mail/headers.h"

using namespace postern::mail;

namespace {
// Like the example of RFC 3501 §6.4.5.
const std::string nested = with_crlf(R"(From: a@b.example
Content-Type: multipart/mixed; boundary="outer"

preamble
--outer
Content-Type: text/plain; charset=us-ascii

one
two
--outer
Content-Type: application/octet-stream; name=x.bin
Content-Transfer-Encoding: BASE64
Content-Disposition: attachment; filename="x.bin"; size=3
Content-ID: <id@x>
Content-Language: en, de

AAEC
--outer
Content-Type: message/rfc822

Subject: inner
Content-Type: multipart/alternative; boundary=outer2

--outer2

plain
--outer2
Content-Type: text/html

<p>
--outer2--
inner epilogue
--outer
Content-Type: multipart/mixed; boundary=in

--in
Content-Type: image/gif

gif
--in
Content-Type: message/rfc822

Subject: deep

text
--in--
--outer--
epilogue
)");

std::string text_of(std::initializer_list<std::uint32_t> numbers, Section section = Section::body) {
  const MimeStructure structure = MimeStructure::parse(nested);
  const auto range = structure.section(std::vector<std::uint32_t>(numbers), section);
  return range ? std::string(range->of(nested)) : "NIL";
}
}  // namespace

TEST_CASE("sections of a nested message") {
  CHECK(text_of({}) == nested);
  CHECK(text_of({}, Section::header).ends_with("\"outer\"\r\n\r\n"));
  CHECK(text_of({}, Section::text).starts_with("preamble"));
  CHECK(text_of({}, Section::mime) == "NIL");
  CHECK(text_of({1}) == "one\r\ntwo");
  CHECK(text_of({1}, Section::mime) == "Content-Type: text/plain; charset=us-ascii\r\n\r\n");
  CHECK(text_of({1}, Section::header) == "NIL");
  CHECK(text_of({1}, Section::text) == "NIL");
  CHECK(text_of({1, 1}) == "NIL");
  CHECK(text_of({2}) == "AAEC");
  CHECK(text_of({3}).starts_with("Subject: inner\r\n"));
  CHECK(text_of({3}).ends_with("inner epilogue"));
  CHECK(text_of({3}, Section::header) ==
        "Subject: inner\r\nContent-Type: multipart/alternative; boundary=outer2\r\n\r\n");
  CHECK(text_of({3}, Section::text).starts_with("--outer2"));
  CHECK(text_of({3, 1}) == "plain");
  CHECK(text_of({3, 1}, Section::mime) == "\r\n");
  CHECK(text_of({3, 2}) == "<p>");
  CHECK(text_of({3, 3}) == "NIL");
  CHECK(text_of({4, 1}) == "gif");
  CHECK(text_of({4, 2}, Section::header) == "Subject: deep\r\n\r\n");
  CHECK(text_of({4, 2, 1}) == "text");
  CHECK(text_of({4, 2, 1}, Section::mime) == "Subject: deep\r\n\r\n");
  CHECK(text_of({4, 2, 2}) == "NIL");
  CHECK(text_of({4, 2, 1, 1}) == "NIL");
  CHECK(text_of({0}) == "NIL");
  CHECK(text_of({5}) == "NIL");
}

TEST_CASE("what BODYSTRUCTURE wants to know about a part") {
  const MimeStructure structure = MimeStructure::parse(nested);
  CHECK(structure.is_complete);
  const MimePart& attachment = *structure.find(std::vector<std::uint32_t>{2});
  CHECK(attachment.type == "application");
  CHECK(attachment.subtype == "octet-stream");
  CHECK(attachment.encoding == "base64");
  CHECK(attachment.parameters == std::vector<Parameter>{{"name", "x.bin", ""}});
  REQUIRE(attachment.disposition.has_value());
  CHECK(attachment.disposition->value == "attachment");
  CHECK(*attachment.disposition->find("size") == "3");
  CHECK(attachment.id == "<id@x>");
  CHECK(attachment.languages == std::vector<std::string>{"en", "de"});
  CHECK(attachment.filename() == "x.bin");
  CHECK(attachment.body.size() == 4);
  CHECK(attachment.lines == 0);
  CHECK(structure.find(std::vector<std::uint32_t>{1})->lines == 1);
  CHECK(structure.find(std::vector<std::uint32_t>{3})->lines == 11);
}

TEST_CASE("a message without parts is its own part 1") {
  const std::string text = "Subject: x\r\n\r\nbody\r\n";
  const MimeStructure structure = MimeStructure::parse(text);
  CHECK(structure.parts.size() == 1);
  CHECK(structure.section(std::vector<std::uint32_t>{1}, Section::body)->of(text) == "body\r\n");
  CHECK(structure.section(std::vector<std::uint32_t>{1}, Section::mime)->of(text) ==
        "Subject: x\r\n\r\n");
  CHECK_FALSE(structure.section(std::vector<std::uint32_t>{2}, Section::body).has_value());
  CHECK_FALSE(structure.section(std::vector<std::uint32_t>{1, 1}, Section::body).has_value());
  CHECK(structure.root().lines == 1);
  CHECK(MimeStructure::parse("").parts.size() == 1);
  CHECK(MimeStructure::parse("Subject: only a header").root().body.size() == 0);
}

TEST_CASE("odd multiparts are read without harm") {
  struct Case {
    std::string name, text;
    std::size_t parts;
    std::string first;
  };
  const std::string head = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  const Case cases[] = {
      {"never closed", head + "--b\r\n\r\nx\r\n", 2, "x\r\n"},
      {"no boundary line", head + "nothing\r\n", 2, ""},
      {"no boundary parameter", "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nx", 2, ""},
      {"a part without an empty line", head + "--b\r\nContent-Type: text/html\r\n--b--\r\n", 2, ""},
      {"an empty part", head + "--b\r\n--b--\r\n", 2, ""},
      {"an empty body", head + "--b\r\n\r\n--b--\r\n", 2, ""},
      {"a body of one empty line", head + "--b\r\n\r\n\r\n--b--\r\n", 2, ""},
      {"blanks behind the boundary", head + "--b \t\r\n\r\nx\r\n--b-- \r\n", 2, "x"},
      {"a longer line is no boundary", head + "--b\r\n\r\n--bb\r\nx\r\n--b--\r\n", 2, "--bb\r\nx"},
      {"what follows the end", head + "--b\r\n\r\nx\r\n--b--\r\n--b\r\n\r\ny\r\n", 2, "x"},
      {"bare LF is no line end", head + "--b\r\n\r\nx\n--b--\ny\r\n--b--\r\n", 2, "x\n--b--\ny"},
      {"the same boundary inside",
       head + "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n",
       3, "--b\r\n\r\nx\r\n--b--\r\n"},
      {"a message cut before its header",
       head + "--b\r\nContent-Type: message/rfc822\r\n\r\n--b--\r\n", 3, ""},
      {"a message part without an empty line",
       head + "--b\r\nContent-Type: message/rfc822\r\n--b--\r\n", 3, ""},
      {"a digest's parts are messages",
       "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: "
       "x\r\n\r\ny\r\n--b--\r\n",
       3, "Subject: x\r\n\r\ny"},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    const MimeStructure structure = MimeStructure::parse(c.text);
    CHECK(structure.parts.size() == c.parts);
    const auto range = structure.section(std::vector<std::uint32_t>{1}, Section::body);
    REQUIRE(range.has_value());
    CHECK(range->of(c.text) == c.first);
  }
}

TEST_CASE("a message whose only empty line belongs to the boundary ends with the part around it") {
  const std::string text =
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: "
      "message/rfc822\r\n\r\n\r\n--b--\r\n";
  const MimeStructure structure = MimeStructure::parse(text);
  REQUIRE(structure.parts.size() == 3);
  CHECK(structure.parts[2].header.size() == 0);
  CHECK(structure.parts[2].body == structure.parts[1].body);
}

TEST_CASE("depth and number of parts are bounded") {
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "Content-Type: message/rfc822\r\n\r\n";
  const MimeStructure levels = MimeStructure::parse(deep + "\r\n");
  CHECK_FALSE(levels.is_complete);
  CHECK(levels.parts.size() == mime_depth_limit + 1);
  CHECK(levels.parts.back().type == "application");

  std::string wide = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i < 20'000; ++i) wide += "--b\r\n\r\n";
  const MimeStructure many = MimeStructure::parse(wide);
  CHECK_FALSE(many.is_complete);
  CHECK(many.parts.size() == mime_part_limit);
}

TEST_CASE("parameters as mailers write them") {
  struct Case {
    std::string text, value, name, parameter, extended;
  };
  const Case cases[] = {
      {"text/plain; charset=utf-8", "text/plain", "charset", "utf-8", ""},
      {"TEXT/Plain;CHARSET=\"UTF-8\"", "text/plain", "charset", "UTF-8", ""},
      {"text/plain (a comment); charset = \"a\\\"b\" (another)", "text/plain", "charset", "a\"b",
       ""},
      {"attachment; filename=two words.txt", "attachment", "filename", "two words.txt", ""},
      {"attachment; filename*=utf-8''%e2%82%ac%20rates", "attachment", "filename",
       "\xe2\x82\xac rates", "utf-8''%E2%82%AC%20rates"},
      {"attachment; filename*=iso-8859-1'en'%A3", "attachment", "filename", "\xc2\xa3",
       "iso-8859-1'en'%A3"},
      {"attachment; filename*0=\"long \"; filename*1=name", "attachment", "filename", "long name",
       ""},
      {"attachment; filename*1*=%20b; filename*0*=us-ascii'en'a; filename*2=c", "attachment",
       "filename", "a bc", "us-ascii'en'a%20bc"},
      {"attachment; filename=ascii; filename*=utf-8''%C3%A4", "attachment", "filename", "\xc3\xa4",
       "utf-8''%C3%A4"},
      {"attachment; filename=first; filename=second", "attachment", "filename", "first", ""},
      {"attachment; ; =x; filename=a;", "attachment", "filename", "a", ""},
      {"attachment; filename=\"open", "attachment", "filename", "open", ""},
      {"attachment; filename=ascii; filename*0*=utf-8''%C3; filename*1*=%A4", "attachment",
       "filename", "\xc3\xa4", "utf-8''%C3%A4"},
      {"attachment; filename*=no-quotes%41", "attachment", "filename", "no-quotesA",
       "''no-quotesA"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    const ParameterisedValue value = parse_parameterised(c.text);
    CHECK(value.value == c.value);
    REQUIRE(value.parameters.size() == 1);
    CHECK(value.parameters[0].name == c.name);
    CHECK(value.parameters[0].value == c.parameter);
    CHECK(value.parameters[0].extended == c.extended);
  }
}

TEST_CASE("a part without a readable type is plain text") {
  for (const char* type : {"", "text", "/plain", "text/", "; charset=x", "\"\""}) {
    const std::string text = std::string("Content-Type: ") + type + "\r\n\r\nx";
    CHECK(MimeStructure::parse(text).root().type == "text");
    CHECK(MimeStructure::parse(text).root().subtype == "plain");
  }
}

TEST_CASE("text is decoded for people") {
  const std::string text =
      "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: "
      "quoted-printable\r\n\r\nGr=FC=DFe\r\n";
  CHECK(decoded_text(MimeStructure::parse(text).root(), text) ==
        "Gr\xc3\xbc\xc3\x9f"
        "e\r\n");
}

namespace {
Person person(std::string name, std::string_view address) {
  return {std::move(name), *EmailAddress::parse(address)};
}
}  // namespace

TEST_CASE("a composed message reads back as it was meant") {
  Composer composer;
  composer.from({person("J\xc3\xb6rg, Dr.", "j@b.example")})
      .to({person("", "x@y.example"), person("Doe, John", "jd@y.example"),
           person("a \"b\" c", "abc@y.example")})
      .subject(
          "Gr\xc3\xbc\xc3\x9f"
          "e")
      .date(std::chrono::sys_seconds(std::chrono::seconds(1'000'000'000)))
      .message_id("<id@b.example>")
      .field("X-Tag", "one")
      .text("Hall\xc3\xb6\n.\nFrom here\n")
      .html("<p>Hall\xc3\xb6 <img src=\"cid:pic\"></p>")
      .attach({"\xc3\xbc.pdf", "application/pdf", "PDF", ""})
      .attach({"p.png", "image/png", "PNG", "pic"});
  const auto message = composer.build("unique");
  REQUIRE(message.has_value());
  INFO(*message);
  CHECK(has_clean_line_ends(*message));
  const HeaderBlock headers = HeaderBlock::parse(*message);
  const MessageEnvelope envelope = message_envelope(headers);
  CHECK(decode_words(envelope.from.front().display_name) == "J\xc3\xb6rg, Dr.");
  REQUIRE(envelope.to.size() == 3);
  CHECK(envelope.to[1].display_name == "Doe, John");
  CHECK(envelope.to[2].display_name == "a \"b\" c");
  CHECK(decode_words(*envelope.subject) ==
        "Gr\xc3\xbc\xc3\x9f"
        "e");
  CHECK(headers.value("X-Tag") == "one");
  const MimeStructure structure = MimeStructure::parse(*message);
  const auto part = [&](std::initializer_list<std::uint32_t> numbers) -> const MimePart& {
    return *structure.find(std::vector<std::uint32_t>(numbers));
  };
  CHECK(structure.root().subtype == "mixed");
  CHECK(part({1}).subtype == "alternative");
  CHECK(decoded_text(part({1, 1}), *message) == "Hall\xc3\xb6\r\n.\r\nFrom here\r\n");
  CHECK(part({1, 2}).subtype == "related");
  CHECK(part({1, 2, 2}).id == "<pic>");
  CHECK(part({2}).filename() == "\xc3\xbc.pdf");
  CHECK(decoded_text(part({2}), *message) == "PDF");
}

TEST_CASE("no field can escape into another") {
  const auto refused = [](auto&& change) {
    Composer composer;
    change(composer);
    return !composer.build("u").has_value();
  };
  CHECK(refused([](Composer& c) { c.subject("a\r\nBcc: x@y.example"); }));
  CHECK(refused([](Composer& c) { c.subject("a\nb"); }));
  CHECK(refused([](Composer& c) { c.subject("not UTF-8 \x92"); }));
  CHECK(refused([](Composer& c) { c.subject(std::string("a\0b", 3)); }));
  CHECK(refused([](Composer& c) { c.from({person("a\r\nX: 1", "a@b.example")}); }));
  CHECK(refused([](Composer& c) { c.field("X-A: b\r\nTo", "x"); }));
  CHECK(refused([](Composer& c) { c.field("Bcc", "x@y.example"); }));
  CHECK(refused([](Composer& c) { c.field("content-type", "text/html"); }));
  CHECK(refused([](Composer& c) { c.field("", "x"); }));
  CHECK(refused([](Composer& c) { c.message_id("no brackets"); }));
  CHECK(refused([](Composer& c) { c.in_reply_to("<a@b>\r\nX: 1"); }));
  CHECK(refused([](Composer& c) { c.text("\xff"); }));
  CHECK(refused([](Composer& c) { c.attach({"a\r\nb", "text/plain", "", ""}); }));
  CHECK(refused([](Composer& c) { c.attach({"a", "text/plain\r\nX: 1", "", ""}); }));
  CHECK(refused([](Composer& c) { c.attach({"a", "multipart/mixed", "", ""}); }));
  CHECK(refused([](Composer& c) { c.references(std::string(1000, 'x')); }));
  CHECK_FALSE(refused([](Composer& c) { c.subject("fine").field("X-Ok", "fine"); }));
}
