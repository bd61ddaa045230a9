// Addresses and domains as clients write them.
#include "core/mail/address.h"

#include <catch2/catch.hpp>

#include "core/mail/envelope.h"

using namespace postern::mail;

TEST_CASE("an address keeps the case of its local part and not of its domain") {
  const auto address = EmailAddress::parse("Ann@Example.COM");
  REQUIRE(address.has_value());
  CHECK(address->local_part() == "Ann");
  CHECK(address->domain().text() == "example.com");
  CHECK(address->folded() == "ann@example.com");
}

TEST_CASE("addresses that must be understood, and how they go on the wire") {
  const std::string long_local(128, 'x');
  const std::pair<std::string, std::string> cases[] = {
      {"a@b.example", "a@b.example"},
      {"user+tag@sub.example.org", "user+tag@sub.example.org"},
      {"o'brien=x@example.org", "o'brien=x@example.org"},
      {"\"john doe\"@example.org", "\"john doe\"@example.org"},
      {"\"plain\"@example.org", "plain@example.org"},
      {"\"a@b\"@c.example", "\"a@b\"@c.example"},
      {"\"a\\\"b\\\\\"@c.example", "\"a\\\"b\\\\\"@c.example"},
      {"\"..\"@c.example", "\"..\"@c.example"},
      {"\"\"@c.example", "\"\"@c.example"},
      {"@relay1.example,@relay2.example:user@final.example", "user@final.example"},
      {"@[IPv6:::1]:user@final.example", "user@final.example"},
      {"user@[192.0.2.1]", "user@[192.0.2.1]"},
      {"user@[IPv6:2001:DB8:0::1]", "user@[IPv6:2001:db8::1]"},
      {"user@[ipv6:::1]", "user@[IPv6:::1]"},
      {"user@localhost", "user@localhost"},
      {"user@example.com.", "user@example.com"},
      {"user@host_name.example", "user@host_name.example"},
      {"user@b\xc3\xbc"
       "cher.example",
       "user@xn--bcher-kva.example"},
      {"user@B\xc3\x9c"
       "CHER.example",
       "user@xn--bcher-kva.example"},
      {"user@stra\xc3\x9f"
       "e.example",
       "user@xn--strae-oqa.example"},
      {"user@\xef\xbc\xa5xample\xe3\x80\x82"
       "com",
       "user@example.com"},
      {"j\xc3\xb6rg@example.org", "j\xc3\xb6rg@example.org"},
      {"a%b!c@example.org", "a%b!c@example.org"},
      {long_local + "@example.org", long_local + "@example.org"},
  };
  for (const auto& [text, wire] : cases) {
    INFO(text);
    const auto address = EmailAddress::parse(text);
    REQUIRE(address.has_value());
    CHECK(address->text() == wire);
    const auto again = EmailAddress::parse(wire);
    REQUIRE(again.has_value());
    CHECK(*again == *address);
  }
}

TEST_CASE("what is no address is refused") {
  const std::string cases[] = {"",
                               "a",
                               "@",
                               "a@",
                               "@b.example",
                               "a@b@c.example",
                               "a..b@c.example",
                               ".a@c.example",
                               "a.@c.example",
                               "a b@c.example",
                               "a@b..example",
                               "a@-b.example",
                               "a@b-.example",
                               "a@b example",
                               "a@b.example\r\nRCPT TO:<x@y>",
                               "\"a@b.example",
                               "\"a\"b@c.example",
                               "\"a\r\n\"@b.example",
                               "a@[192.0.2.256]",
                               "a@[192.0.2.1",
                               "a@[IPv6:zz]",
                               "a@[x400:abc]",
                               "a@192.0.2.1",
                               "a@b.123",
                               "a<b@c.example",
                               "a@b/c.example",
                               "a(x)@b.example",
                               "\xff\xfe@b.example",
                               "a\xc2\x85@b.example",
                               std::string("a\0b@c.example", 13),
                               std::string("a@c.example\0", 12),
                               std::string("a@[192.0.2.1\0]", 14),
                               "a@" + std::string(64, 'b') + ".example",
                               std::string(300, 'a') + "@b.example",
                               "a@\xe2\x84\x80.example",
                               "a@x" + std::string(2000, 'b') + "\xc3\xbc.example"};
  for (const std::string& text : cases) {
    INFO(text);
    CHECK_FALSE(EmailAddress::parse(text).has_value());
  }
}

TEST_CASE("an error says where the address went wrong") {
  const auto address = EmailAddress::parse("@r.example:a@b!.example");
  REQUIRE_FALSE(address.has_value());
  CHECK(address.error().offset == 14);
}

TEST_CASE("a quoted and a plain spelling are one address") {
  CHECK(*EmailAddress::parse("\"ann\"@b.example") == *EmailAddress::parse("ann@B.example"));
  CHECK(std::hash<EmailAddress>{}(*EmailAddress::parse("\"ann\"@b.example")) ==
        std::hash<EmailAddress>{}(*EmailAddress::parse("ann@b.example")));
}

TEST_CASE("an internationalised domain is shown to people in its own letters") {
  CHECK(Domain::parse("xn--bcher-kva.example")->unicode() ==
        "b\xc3\xbc"
        "cher.example");
  CHECK(Domain::parse("[IPv6:::1]")->literal_address() == "::1");
}

TEST_CASE("a path ends at the first '>' outside of quotes") {
  const auto split = split_path("<\"a>b\"@c.example> SIZE=10 BODY=8BITMIME");
  REQUIRE(split.has_value());
  CHECK(split->path == "\"a>b\"@c.example");
  CHECK(split->rest == "SIZE=10 BODY=8BITMIME");
  CHECK(split_path(" <>")->path.empty());
  CHECK_FALSE(split_path("a@b.example").has_value());
  CHECK_FALSE(split_path("<a@b.example").has_value());
  CHECK_FALSE(split_path("<a@b.example>SIZE=1").has_value());
  CHECK_FALSE(split_path("<\"a\\\">@b.example").has_value());
  CHECK(path_text({}) == "<>");
}

TEST_CASE("DSN parameters are read and written back") {
  CHECK(notify_text(*parse_notify("never")) == "NEVER");
  CHECK(notify_text(*parse_notify("DELAY,Failure")) == "FAILURE,DELAY");
  CHECK(notify_text({}).empty());
  CHECK(Notify{}.wants_failure());
  CHECK_FALSE(Notify{}.wants_success());
  for (const char* text : {"", "NEVER,FAILURE", "SOMETIMES", "SUCCESS,", ",SUCCESS"})
    CHECK_FALSE(parse_notify(text).has_value());
  CHECK(parse_ret("hdrs") == Ret::headers);
  CHECK_FALSE(parse_ret("ALL").has_value());

  CHECK(*parse_orcpt("rfc822;Bob+2Bx@example.org") == "rfc822;Bob+x@example.org");
  CHECK(orcpt_text("rfc822;Bob+x@example.org") == "rfc822;Bob+2Bx@example.org");
  CHECK(*parse_orcpt("utf-8;j\\x{F6}rg@example.org") == "utf-8;j\xc3\xb6rg@example.org");
  CHECK(orcpt_text("utf-8;j\xc3\xb6rg@example.org") == "utf-8;j\\x{F6}rg@example.org");
  for (const char* text :
       {"", "bob@example.org", ";bob", "rfc822;", "rfc822;a+0D+0Ab", "rfc822;a+4", "rfc822;a=b",
        "rf c;a", "utf-8;\\x{110000}", "utf-8;\\x{D800}"}) {
    INFO(text);
    CHECK_FALSE(parse_orcpt(text).has_value());
  }
  CHECK(*parse_envid("QQ314159+2B") == "QQ314159+");
  CHECK_FALSE(parse_envid(std::string(101, 'a')).has_value());
  CHECK_FALSE(parse_envid("a+0Ab").has_value());
}
