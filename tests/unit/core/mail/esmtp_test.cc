// tests/unit/core/mail/esmtp_test.cc: the tables of extensions and parameters, row by row.
#include "core/mail/esmtp.h"

#include <catch2/catch.hpp>

using namespace postern;
using namespace postern::mail;

namespace {

Recipient recipient() { return {*EmailAddress::parse("r@x.example"), {}, {}}; }

/// Everything that can be said with MAIL, and with RCPT.
MailParameters full_mail() {
  return {
      .size = 1000,
      .options = {.eight_bit = true, .smtputf8 = true, .envid = "q=1 +\\", .ret = Ret::headers}};
}
Recipient full_recipient() {
  Recipient full = recipient();
  full.orcpt = "rfc822;a+b@x.example";
  full.notify = {.set = true, .success = true, .delay = true};
  return full;
}

Offer everything() {
  return Offer::parse("mx\nSIZE 9\n8BITMIME\nSMTPUTF8\nDSN\nAUTH PLAIN\nPIPELINING");
}

/// What comes out when `written` is read into a new `subject`.
template <class Subject>
Subject read_back(std::string_view written, Subject subject) {
  while (!written.empty()) {
    written.remove_prefix(1);  // its blank
    const std::string_view word = written.substr(0, written.find(' '));
    REQUIRE(read_parameter(word, subject));
    written.remove_prefix(word.size());
  }
  return subject;
}

ParameterError error_of(std::string_view word) {
  MailParameters into;
  const auto read = read_parameter(word, into);
  REQUIRE_FALSE(read);
  return read.error();
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("every parameter that is written is read as what it was") {
  for (const auto& row : mail_parameters()) {
    INFO(row.keyword);
    const auto value = row.write(full_mail());
    if (!value) {
      CHECK(row.keyword == "AUTH");  // ours to read only
      continue;
    }
    MailParameters into;
    CHECK(row.read(value->empty() ? std::nullopt : std::optional<std::string_view>(*value), into));
    CHECK(row.write(into) == value);
    CHECK_FALSE(row.write(MailParameters{}));
  }
  for (const auto& row : rcpt_parameters()) {
    INFO(row.keyword);
    const auto value = row.write(full_recipient());
    REQUIRE(value);
    Recipient into = recipient();
    CHECK(row.read(*value, into));
    CHECK(row.write(into) == value);
    CHECK_FALSE(row.write(recipient()));
  }
  const MailParameters mail =
      read_back(write_parameters(full_mail(), everything()), MailParameters{});
  CHECK(mail.options == full_mail().options);
  CHECK(mail.size == 1000);
  CHECK(read_back(write_parameters(full_recipient(), everything()), recipient()) ==
        full_recipient());
}

TEST_CASE("a host is told what it has offered, and nothing else") {
  CHECK(write_parameters(full_mail(), everything()) ==
        " SIZE=1000 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=q+3D1+20+2B\\");
  CHECK(write_parameters(full_recipient(), everything()) ==
        " NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@x.example");
  CHECK(write_parameters(full_mail(), Offer::parse("mx\nDSN")) == " RET=HDRS ENVID=q+3D1+20+2B\\");
  CHECK(write_parameters(full_mail(), Offer::parse("mx\nSIZE")) == " SIZE=1000");
  CHECK(write_parameters(full_mail(), Offer()).empty());
  CHECK(write_parameters(full_recipient(), Offer()).empty());
  CHECK(write_parameters(MailParameters{}, everything()).empty());
  for (const auto& row : mail_parameters()) {
    INFO(row.keyword);
    CHECK_FALSE(write_parameters(full_mail(), Offer()).contains(row.keyword));
  }
}

TEST_CASE("a host that lacks 8BITMIME wants a conversion, one without SMTPUTF8 gets nothing") {
  CHECK(lacks(Offer(), full_mail(), Otherwise::converted));
  CHECK(lacks(Offer(), full_mail(), Otherwise::refused));
  CHECK_FALSE(lacks(everything(), full_mail(), Otherwise::converted));
  CHECK_FALSE(lacks(everything(), full_mail(), Otherwise::refused));
  CHECK_FALSE(lacks(Offer::parse("mx\n8BITMIME"), full_mail(), Otherwise::converted));
  CHECK_FALSE(lacks(Offer::parse("mx\nSMTPUTF8"), full_mail(), Otherwise::refused));
  CHECK_FALSE(lacks(Offer(), MailParameters{.size = 1}, Otherwise::converted));
  CHECK_FALSE(lacks(Offer(), MailParameters{.size = 1}, Otherwise::refused));
  CHECK(lacks(Offer(), MailParameters{.size = 1}, Otherwise::dropped));
}

TEST_CASE("what is wrong with a parameter has a kind and names itself") {
  using Kind = ParameterError::Kind;
  struct Case {
    const char* word;
    Kind kind;
    const char* what;
  };
  const Case cases[] = {{"frob=1", Kind::unknown, "FROB"},
                        {"NOTIFY=NEVER", Kind::unknown, "NOTIFY"},  // RCPT's
                        {"=1", Kind::unknown, ""},
                        {"AUTH", Kind::unknown, "AUTH"},
                        {"SMTPUTF8=1", Kind::unknown, "SMTPUTF8"},
                        {"SIZE", Kind::malformed, "SIZE"},
                        {"size=x", Kind::malformed, "SIZE"},
                        {"SIZE=000000000000000000001", Kind::malformed, "SIZE"},
                        {"BODY", Kind::malformed, "BODY is 7BIT or 8BITMIME"},
                        {"BODY=BinaryMime", Kind::binary, ""},
                        {"RET=NONE", Kind::malformed, "RET is FULL or HDRS, once"},
                        {"ENVID=", Kind::malformed, "ENVID"}};
  for (const Case& c : cases) {
    INFO(c.word);
    const ParameterError error = error_of(c.word);
    CHECK(error.kind == c.kind);
    CHECK(error.what == c.what);
  }
  Recipient into = recipient();
  CHECK(read_parameter("SIZE=1", into).error().kind == Kind::unknown);
  CHECK(read_parameter("ORCPT=x", into).error().what == "ORCPT");
}

TEST_CASE("a wish that says how to report stands once, a size or a body type may be said anew") {
  for (const char* word : {"RET=FULL", "ENVID=x"}) {
    INFO(word);
    MailParameters into;
    CHECK(read_parameter(word, into) == Extension::dsn);
    CHECK_FALSE(read_parameter(word, into));
  }
  for (const char* word : {"NOTIFY=DELAY", "ORCPT=rfc822;a@b.example"}) {
    INFO(word);
    Recipient into = recipient();
    CHECK(read_parameter(word, into) == Extension::dsn);
    CHECK_FALSE(read_parameter(word, into));
  }
  MailParameters into;
  CHECK(read_parameter("SIZE=1", into) == Extension::size);
  CHECK(read_parameter("SIZE=2", into));
  CHECK(into.size == 2);
  CHECK(read_parameter("BODY=8BITMIME", into) == Extension::eight_bit_mime);
  CHECK(read_parameter("body=7bit", into));
  CHECK_FALSE(into.options.eight_bit);
}

TEST_CASE("EHLO has a line for each extension that the server has at that door and moment") {
  ServerTerms terms{.role = ServerRole::mx, .message_size = 1000};
  const Lines common{"PIPELINING", "SIZE 1000", "8BITMIME",
                     "SMTPUTF8",   "CHUNKING",  "ENHANCEDSTATUSCODES"};
  Lines expected = common;
  expected.push_back("DSN");
  CHECK(ehlo_lines(terms) == expected);
  terms.role = ServerRole::submission;
  CHECK(ehlo_lines(terms) == expected);
  terms.can_start_tls = true;
  expected.push_back("STARTTLS");
  CHECK(ehlo_lines(terms) == expected);
  terms.mechanisms = "PLAIN LOGIN";
  expected.push_back("AUTH PLAIN LOGIN");
  CHECK(ehlo_lines(terms) == expected);
  CHECK(ehlo_lines({.role = ServerRole::lmtp, .message_size = 1000}) == common);
}

TEST_CASE("LMTP does not understand the parameters of DSN; AUTH= is understood at every door") {
  Extensions used;
  used.add(Extension::auth);
  used.add(Extension::size);
  for (const ServerRole role : {ServerRole::mx, ServerRole::submission, ServerRole::lmtp})
    CHECK_FALSE(used.missing_in(understood_by(role)));
  used.add(Extension::dsn);
  CHECK_FALSE(used.missing_in(understood_by(ServerRole::mx)));
  CHECK_FALSE(used.missing_in(understood_by(ServerRole::submission)));
  CHECK(used.missing_in(understood_by(ServerRole::lmtp)) == Extension::dsn);
  CHECK(mail_keywords(Extension::dsn) == "RET or ENVID");
  CHECK(rcpt_keywords(Extension::dsn) == "NOTIFY or ORCPT");
}

TEST_CASE("EHLO keywords count in any case, and the greeting is none of them") {
  const Offer found = Offer::parse(
      "size.example\npipelining\n8BitMime\nDSN\nSize 1000\nauth=LOGIN plain\nSTARTTLS");
  CHECK(found.has(Extension::pipelining));
  CHECK(found.has(Extension::eight_bit_mime));
  CHECK(found.has(Extension::dsn));
  CHECK(found.has(Extension::size));
  CHECK(found.has(Extension::starttls));
  CHECK(found.lists(Extension::auth, "LOGIN"));
  CHECK(found.lists(Extension::auth, "PLAIN"));
  CHECK_FALSE(found.has(Extension::smtputf8));
  CHECK_FALSE(Offer::parse("DSN greets you").has(Extension::dsn));
}

TEST_CASE("AUTH and the old AUTH= add up, and a mechanism is a whole word") {
  const Offer both = Offer::parse("mx\nAUTH PLAIN\nAUTH=LOGIN");
  CHECK(both.lists(Extension::auth, "PLAIN"));
  CHECK(both.lists(Extension::auth, "LOGIN"));
  CHECK_FALSE(Offer::parse("mx\nAUTH PLAINER").lists(Extension::auth, "PLAIN"));
  CHECK_FALSE(Offer::parse("mx\nAUTH").lists(Extension::auth, "PLAIN"));
  CHECK_FALSE(Offer::parse("mx\nAUTHPLAIN").has(Extension::auth));
  CHECK_FALSE(Offer::parse("mx\nSIZE 1000").lists(Extension::size, ""));
}

TEST_CASE("what we offer is what we understand of others") {
  std::string reply = "mx";
  for (const std::string& line : ehlo_lines({.role = ServerRole::submission,
                                             .message_size = 1,
                                             .can_start_tls = true,
                                             .mechanisms = "PLAIN"}))
    reply += '\n' + line;
  const Offer offer = Offer::parse(reply);
  for (int at = 0; at < static_cast<int>(Extension::count_); ++at) {
    INFO(at);
    CHECK(offer.has(static_cast<Extension>(at)));
  }
}
