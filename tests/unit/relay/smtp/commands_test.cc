// tests/unit/relay/smtp/commands_test.cc: the parsers of command lines, by tables.
#include "relay/smtp/commands.h"

#include <catch2/catch.hpp>

using namespace postern;
using namespace postern::smtp;

TEST_CASE("a request is a verb in any case and the rest without blanks around it") {
  CHECK(Request("mail FROM:<a@b.example> ").word() == "MAIL");
  CHECK(Request("mail FROM:<a@b.example> ").arguments() == "FROM:<a@b.example>");
  CHECK(Request("").word().empty());
  CHECK(Request("quit").arguments().empty());
}

TEST_CASE("MAIL takes a path, <> and the parameters that are offered") {
  const auto full = MailCommand::parse(
      "from:<Ann@Example.COM> SIZE=1000 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb AUTH=<>");
  REQUIRE(full);
  CHECK(full->sender->text() == "Ann@example.com");
  CHECK(full->parameters.size == 1000);
  CHECK(full->parameters.options.eight_bit);
  CHECK(full->parameters.options.smtputf8);
  CHECK(full->parameters.options.ret == mail::Ret::headers);
  CHECK(full->parameters.options.envid == "a+b");
  const auto bounce = MailCommand::parse("FROM: <>");
  REQUIRE(bounce);
  CHECK(!bounce->sender);
}

TEST_CASE("a source route is dropped, never followed") {
  const auto command =
      RcptCommand::parse("TO:<@relay.example,@b.example:x@c.example>", "h.example");
  REQUIRE(command);
  CHECK(command->recipient.address.text() == "x@c.example");
}

TEST_CASE("an @ or > inside quotes does not end the local part or the path") {
  const auto command = RcptCommand::parse("TO:<\"a>@b\"@c.example> NOTIFY=NEVER", "h.example");
  REQUIRE(command);
  CHECK(command->recipient.address.domain().text() == "c.example");
  CHECK(command->recipient.notify.never);
}

TEST_CASE("<postmaster> alone is the postmaster of this host") {
  const auto command = RcptCommand::parse("TO:<Postmaster>", "mail.office.example");
  REQUIRE(command);
  CHECK(command->recipient.address.domain().text() == "mail.office.example");
}

TEST_CASE("what MAIL cannot mean is refused with the code that says why") {
  struct Case {
    const char* arguments;
    int code;
  };
  const Case cases[] = {{"", 501},
                        {"TO:<a@b.example>", 501},
                        {"FROM:a@b.example", 501},
                        {"FROM:<a@b.example", 501},
                        {"FROM:<a@b.example>x", 501},
                        {"FROM:<a b@c.example>", 501},
                        {"FROM:<a@b@c.example>", 501},
                        {"FROM:<a@>", 501},
                        {"FROM:<a@b.example> SIZE=", 501},
                        {"FROM:<a@b.example> SIZE=-1", 501},
                        {"FROM:<a@b.example> SIZE=99999999999999999999999", 501},
                        {"FROM:<a@b.example> BODY=BINARYMIME", 501},
                        {"FROM:<a@b.example> BODY=9BIT", 501},
                        {"FROM:<a@b.example> RET=FULL RET=FULL", 501},
                        {"FROM:<a@b.example> ENVID=a+zz", 501},
                        {"FROM:<a@b.example> SMTPUTF8=1", 555},
                        {"FROM:<a@b.example> FROB", 555},
                        {"FROM:<\xc3\xa4@b.example>", 553}};
  for (const Case& c : cases) {
    INFO(c.arguments);
    const auto command = MailCommand::parse(c.arguments);
    REQUIRE(!command);
    CHECK(command.error().code == c.code);
  }
}

TEST_CASE("RCPT keeps NOTIFY and the decoded ORCPT") {
  const auto command = RcptCommand::parse(
      "TO:<x@c.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;X+2By@c.example", "h.example");
  REQUIRE(command);
  CHECK(command->recipient.orcpt == "rfc822;X+y@c.example");
  CHECK(command->recipient.notify.success);
  CHECK(command->recipient.notify.delay);
  CHECK(!command->recipient.notify.failure);
  for (const char* wrong : {"TO:<x@c.example> NOTIFY=NEVER,DELAY", "TO:<x@c.example> NOTIFY=",
                            "TO:<x@c.example> ORCPT=x", "TO:<x@c.example> ORCPT=rfc822;a+0D+0Ab",
                            "TO:<>", "TO:<x@c.example> NOTIFY=DELAY NOTIFY=DELAY"}) {
    INFO(wrong);
    CHECK(!RcptCommand::parse(wrong, "h.example"));
  }
}

TEST_CASE("BDAT takes a size that fits and perhaps LAST") {
  CHECK(BdatCommand::parse("0 last")->is_last);
  CHECK(BdatCommand::parse("86")->size == 86);
  for (const char* wrong : {"", "x", "-1", "1 2", "1 LAST x", "18446744073709551616", "+5"}) {
    INFO(wrong);
    CHECK(!BdatCommand::parse(wrong));
  }
}

TEST_CASE("AUTH tells an empty initial response from none") {
  CHECK(!AuthCommand::parse("plain")->initial_response);
  CHECK(AuthCommand::parse("PLAIN =")->initial_response->empty());
  CHECK(AuthCommand::parse("login dQ==")->mechanism == "LOGIN");
  CHECK(!AuthCommand::parse(""));
  CHECK(!AuthCommand::parse("PLAIN a b"));
}

TEST_CASE("HELO takes any name, in bounds and without what would spoil a header") {
  CHECK(HelloCommand::parse("[127.0.0.1]")->name == "[127.0.0.1]");
  CHECK(HelloCommand::parse("my_laptop")->name == "my_laptop");
  CHECK(HelloCommand::parse("a b")->name == "a?b");
  CHECK(HelloCommand::parse("a(b)\x01<\xc3\xbc>")->name == "a?b??????");
  CHECK(HelloCommand::parse(std::string(2000, 'x'))->name.size() == 255);
  CHECK(!HelloCommand::parse(""));
}

TEST_CASE("a reply never carries what would end its line") {
  const Reply reply{550, "5.1.1", "No {} here"};
  CHECK(reply.with("a\r\n250 ok").wire() == "550 5.1.1 No a??250 ok here\r\n");
}

TEST_CASE("a reply of several lines has the status on each of them") {
  Answer answer(250, "2.0.0", "one");
  answer.lines.push_back("two");
  CHECK(answer.wire() == "250-2.0.0 one\r\n250 2.0.0 two\r\n");
}
