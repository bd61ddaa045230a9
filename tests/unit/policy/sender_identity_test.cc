// Who an account may say it is.
#include "policy/sender_identity.h"

#include <catch2/catch.hpp>

using namespace postern;
using namespace postern::policy;

namespace {
const std::vector<mail::EmailAddress> own{*mail::EmailAddress::parse("ann@b.example"),
                                          *mail::EmailAddress::parse("sales@b.example")};

/// Empty when allowed, else the address or the text.
std::string check(const std::string& header) {
  const std::string text = header + "\r\n";
  const auto result = check_sender_identity(mail::HeaderBlock::parse(text), own);
  if (result) return {};
  return result.error().address.empty() ? result.error().text
                                        : result.error().field + ' ' + result.error().address;
}
}  // namespace

TEST_CASE("an account writes in its own names") {
  CHECK(check("From: ann@b.example\r\n").empty());
  CHECK(check("From: Ann <ANN@B.example>\r\nSender: sales@b.example\r\n").empty());
  CHECK(check("From: \"ann\"@b.example (Ann)\r\nResent-From: sales@b.example\r\nResent-From: "
              "ann@b.example\r\n")
            .empty());
  CHECK(check("From:\r\n =?utf-8?Q?=C3=84nn?= <ann@b.example>\r\nTo: x@y.example\r\n").empty());
}

TEST_CASE("another's name is refused, and named") {
  CHECK(check("From: ceo@b.example\r\n") == "From ceo@b.example");
  CHECK(check("From: ann@b.example\r\nSender: ceo@b.example\r\n") == "Sender ceo@b.example");
  CHECK(
      check(
          "From: ann@b.example\r\nResent-From: ann@b.example\r\nResent-From: ceo@b.example\r\n") ==
      "Resent-From ceo@b.example");
  CHECK(check("From: ann@b.example\r\nResent-Sender: ceo@b.example\r\n") ==
        "Resent-Sender ceo@b.example");
  CHECK(check("From: j\xc3\xb6@b.example\r\n") == "From j??@b.example");
  CHECK(check("From: ann@b.example.evil.example\r\n") == "From ann@b.example.evil.example");
}

TEST_CASE("a From that could be read in two ways is refused") {
  for (const char* header : {
           "To: x@y.example\r\n",
           "From: ann@b.example\r\nFrom: ann@b.example\r\n",
           "From: ann@b.example\r\nfrom : ceo@b.example\r\n",
           "From: ann@b.example, sales@b.example\r\n",
           "From: ceo@b.example <ann@b.example>\r\n",
           "From: <ceo@b.example> <ann@b.example>\r\n",
           "From: <ann@b.example> ceo@b.example\r\n",
           "From: ann@b.example@x.example\r\n",
           "From: Group: ann@b.example;\r\n",
           "From: \r\n",
           "From: <>\r\n",
           "From: ann\r\n",
           "From: \"ann@b.example\r\n",
           "From: (ann@b.example\r\n",
           "From: ann@b.example\r\nno field\r\nFrom: ceo@b.example\r\n",
           "X: 1\n\nFrom: ceo@b.example\r\n",
           "From: ann@b.example\nFrom: ceo@b.example\r\n",
           " From: ceo@b.example\r\nFrom: ann@b.example\r\n",
       }) {
    INFO(header);
    CHECK_FALSE(check(header).empty());
  }
}

TEST_CASE("the envelope sender must be the account's, and <> passes here") {
  const auto may = [](const mail::EmailAddress& address) { return address == own.front(); };
  CHECK(check_envelope_sender({}, may).has_value());
  CHECK(check_envelope_sender(own.front(), may).has_value());
  CHECK(check_envelope_sender(own.back(), may).error().text ==
        "MAIL FROM address sales@b.example is not yours; use an address of the account that you "
        "logged in with");
}
