// tests/unit/relay/cli/sendmail_input_test.cc: messages and addresses as programs give them.
#include "relay/cli/sendmail_input.h"

#include <catch2/catch.hpp>
#include <sstream>

using namespace postern;
using namespace postern::relay;

namespace {

std::string read(const std::string& text, bool ignores_dots = true, std::size_t most = 1000) {
  std::istringstream input(text);
  return read_message(input, ignores_dots, most);
}

std::vector<std::string> header_recipients_of(const std::string& text) {
  return header_recipients(mail::HeaderBlock::parse(text));
}

using Addresses = std::vector<std::string>;

}  // namespace

TEST_CASE("the line that an mbox file has above a message is not part of it") {
  CHECK(read("From ann Thu Jan  1 00:00:00 2026\nSubject: x\n\nFrom here on\n") ==
        "Subject: x\r\n\r\nFrom here on\r\n");
  CHECK(read(">From ann Thu Jan\nFrom bob Thu Jan\r\nFrom: x\r\n") == "From: x\r\n");
}

TEST_CASE("a lone dot ends a message unless dots are ignored") {
  CHECK(read("a\n.\nb\n", false) == "a\r\n");
  CHECK(read("a\n.\nb", true) == "a\r\n.\r\nb\r\n");
}

TEST_CASE("a message that is too large is not read to its end") {
  CHECK(read(std::string(5000, '\n'), true, 100).size() == 102);
}

TEST_CASE("an argument may hold brackets, names and several addresses") {
  CHECK(addresses_in("<ann@b.example>") == Addresses{"ann@b.example"});
  CHECK(addresses_in("a@b.example,c@d.example, <root>") ==
        Addresses{"a@b.example", "c@d.example", "root"});
  CHECK(addresses_in("Ann <ann@b.example>") == Addresses{"ann@b.example"});
  CHECK(addresses_in("\"a b\"@c.example") == Addresses{"\"a b\"@c.example"});
  for (const char* wrong : {"", "a@b.example c@d.example", "a b", "<>"}) {
    CHECK(addresses_in(wrong) == Addresses{wrong});
  }
}

TEST_CASE("the sender may stand in brackets, and be nobody") {
  CHECK(sender_in("<ann@b.example>") == "ann@b.example");
  CHECK(sender_in("ann") == "ann");
  CHECK(sender_in("<>").empty());
  CHECK(sender_in("").empty());
}

TEST_CASE("a message that is sent again goes to those of its Resent- fields alone") {
  const std::string first =
      "To: a@b.example, root\r\nCC: Group: c@d.example;\r\nBcc: e@f.example\r\n";
  CHECK(header_recipients_of(first + "\r\n") ==
        Addresses{"a@b.example", "root", "c@d.example", "e@f.example"});
  CHECK(header_recipients_of("Resent-To: x@y.example\r\nresent-bcc: z\r\n" + first + "\r\n") ==
        Addresses{"x@y.example", "z"});
  CHECK(header_recipients_of("To: a@b.example\r\nResent-From: x@y.example\r\n\r\n").empty());
}

TEST_CASE("what is submitted has an end of its header and no secret recipients") {
  CHECK(for_submission("To: a\r\nBcc: b,\r\n c\r\nResent-Bcc: d\r\nX: y\r\n\r\nBcc: e\r\n") ==
        "To: a\r\nX: y\r\n\r\nBcc: e\r\n");
  CHECK(for_submission("X: y\r\n") == "X: y\r\n\r\n");
  CHECK(for_submission("") == "\r\n");
  CHECK(for_submission("just text\r\nbcc: it\r\n") == "\r\njust text\r\nbcc: it\r\n");
  CHECK(for_submission("X: y\r\ntext already\r\n\r\nBcc: e\r\n") ==
        "X: y\r\n\r\ntext already\r\n\r\nBcc: e\r\n");
}
