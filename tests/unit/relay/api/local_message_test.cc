// tests/unit/relay/api/local_message_test.cc: what programs of this host leave out.
#include "relay/api/local_message.h"

#include <catch2/catch.hpp>

using namespace postern;
using namespace postern::http;

namespace {

std::string completed(std::string_view message, const char* name = "") {
  const auto author = *mail::EmailAddress::parse("ann@mail.office.example");
  return complete_message(message, "mail.office.example", {name, author});
}

}  // namespace

TEST_CASE("a local part alone gets the gateway's own name as its domain") {
  for (const auto& [given, whole] : std::vector<std::pair<const char*, const char*>>{
           {"root", "root@mail.office.example"},
           {"<root>", "root@mail.office.example"},
           {"first.last", "first.last@mail.office.example"},
           {"\"a b\"", "\"a b\"@mail.office.example"},
           {"ann@b.example", "ann@b.example"}}) {
    CAPTURE(given);
    const auto address = complete_address(given, "mail.office.example");
    REQUIRE(address);
    CHECK(address->text() == whole);
  }
  for (const char* wrong : {"", "a b", "ann@", "@b.example", "a,b", "ann@b@c.example"}) {
    CAPTURE(wrong);
    CHECK_FALSE(complete_address(wrong, "mail.office.example"));
  }
}

TEST_CASE("a message without From is its author's") {
  CHECK(completed("Subject: x\r\n\r\nbody") ==
        "From: ann@mail.office.example\r\nSubject: x\r\n\r\nbody");
  CHECK(completed("\r\nbody") == "From: ann@mail.office.example\r\n\r\nbody");
  CHECK(completed("\r\n", "Ann, \"the\"\r\nBoss") ==
        "From: \"Ann, \\\"the\\\"  Boss\" <ann@mail.office.example>\r\n\r\n");
}

TEST_CASE(
    "addresses of a header that have no domain are completed, and the others stay as they are") {
  CHECK(completed("From: root (Cron Daemon)\r\nTo: root\r\n\r\nFrom: bob\r\n") ==
        "From: Cron Daemon <root@mail.office.example>\r\nTo: root@mail.office.example\r\n\r\n"
        "From: bob\r\n");
  CHECK(completed("from: Bob <bob>\r\nCc: a@b.example,\r\n c, \"x, y\" <d>\r\n\r\n") ==
        "from: Bob <bob@mail.office.example>\r\n"
        "Cc: a@b.example, c@mail.office.example, \"x, y\" <d@mail.office.example>\r\n\r\n");
  for (const char* whole : {"From:  Ann  <ann@b.example>\r\nTo: undisclosed-recipients:;\r\n\r\n",
                            "From: a@b.example\r\nTo: not an address\r\nX-To: root\r\n\r\n",
                            "From: a@b.example\r\nTo: root <a@b.example> c\r\n\r\n"}) {
    CHECK(completed(whole) == whole);
  }
}
