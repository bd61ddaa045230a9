// tests/unit/queue/next_hop_test.cc: next hops as text, and what a route may say in `via`.
#include "queue/model/next_hop.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace postern;
using namespace postern::queue;

namespace {

mail::Domain domain(std::string_view text) { return *mail::Domain::parse(text); }

}  // namespace

TEST_CASE("a next hop is read as what it is, and written as it was spelled") {
  using Scheme = ToSmarthost::Scheme;
  struct Row {
    std::string text;
    NextHop hop;
  };
  const std::string longest = "/" + std::string(106, 's');
  // clang-format off
  const std::vector<Row> rows{
      {"mx:a.example", ToMx{domain("a.example")}},
      {"mx:[192.0.2.1]", ToMx{domain("[192.0.2.1]")}},
      {"mx:[IPv6:2001:db8::1]", ToMx{domain("[IPv6:2001:db8::1]")}},
      {"mx:xn--bcher-kva.example", ToMx{domain("bücher.example")}},
      {"local:0b6a1f", ToMailbox{"0b6a1f"}},
      {"local:a b|c:d", ToMailbox{"a b|c:d"}},
      {"smtp://h", ToSmarthost{Scheme::smtp, "", "h", 25, "smtp://h"}},
      {"smtp://h:25", ToSmarthost{Scheme::smtp, "", "h", 25, "smtp://h:25"}},
      {"smtp://192.0.2.1:2525", ToSmarthost{Scheme::smtp, "", "192.0.2.1", 2525, "smtp://192.0.2.1:2525"}},
      {"smtp://[::1]", ToSmarthost{Scheme::smtp, "", "::1", 25, "smtp://[::1]"}},
      {"smtp://[2001:DB8::1]:26", ToSmarthost{Scheme::smtp, "", "2001:DB8::1", 26, "smtp://[2001:DB8::1]:26"}},
      {"smtp://Relay.Example.", ToSmarthost{Scheme::smtp, "", "relay.example", 25, "smtp://Relay.Example."}},
      {"smtp://bücher.example", ToSmarthost{Scheme::smtp, "", "xn--bcher-kva.example", 25, "smtp://bücher.example"}},
      {"smtps://u@h:0465", ToSmarthost{Scheme::smtps, "u", "h", 465, "smtps://u@h:0465"}},
      {"submission://ann@office.example@h", ToSmarthost{Scheme::submission, "ann@office.example", "h", 587, "submission://ann@office.example@h"}},
      {"submission://u@[::1]:588", ToSmarthost{Scheme::submission, "u", "::1", 588, "submission://u@[::1]:588"}},
      {"lmtp://h", ToLmtp{"h", 24, "lmtp://h"}},
      {"lmtp://[::1]:2424", ToLmtp{"::1", 2424, "lmtp://[::1]:2424"}},
      {"lmtp+unix:///run/a b|c", ToLmtpSocket{"/run/a b|c"}},
      {"lmtp+unix://" + longest, ToLmtpSocket{longest}},
      {"discard", Discard{}},
      {"reject 5.7.1 go away, please", Reject{{5, 7, 1}, "go away, please"}},
      {"reject 5.1.10  ", Reject{{5, 1, 10}, " "}},
      {"reject 5.7.1 ", Reject{{5, 7, 1}, ""}},
      {"reject 5.7.1 zu\nviel é", Reject{{5, 7, 1}, "zu\nviel é"}},
  };
  // clang-format on
  for (const Row& row : rows) {
    INFO(row.text);
    const auto hop = parse_next_hop(row.text);
    REQUIRE(hop);
    CHECK(*hop == row.hop);
    CHECK(text(*hop) == row.text);
    CHECK(is_local(*hop) == row.text.starts_with("local:"));
  }
}

TEST_CASE("a next hop that Redis holds in another spelling is the same one") {
  CHECK(parse_next_hop("mx:A.Example.") == NextHop(ToMx{domain("a.example")}));
  CHECK(text(*parse_next_hop("mx:A.Example.")) == "mx:a.example");
}

TEST_CASE("what is no next hop is none, and nothing is taken for its like") {
  for (const std::string_view odd : {std::string_view(""),
                                     std::string_view("\0", 1),
                                     std::string_view("mx"),
                                     std::string_view("mx:"),
                                     std::string_view("mx:a b"),
                                     std::string_view("mx:[1.2.3"),
                                     std::string_view("mx:a\0", 5),
                                     std::string_view("MX:a.example"),
                                     std::string_view("local"),
                                     std::string_view("local:"),
                                     std::string_view("mailbox"),
                                     std::string_view("discard "),
                                     std::string_view("discarded"),
                                     std::string_view("reject"),
                                     std::string_view("reject "),
                                     std::string_view("reject 5.7.1"),
                                     std::string_view("reject  5.7.1 x"),
                                     std::string_view("reject 4.7.1 x"),
                                     std::string_view("reject 2.0.0 x"),
                                     std::string_view("reject 5.07.1 x"),
                                     std::string_view("reject because"),
                                     std::string_view("smtp://h\n"),
                                     std::string_view(" smtp://h"),
                                     std::string_view("smtp://@h"),
                                     std::string_view("smtp://u:p@h"),
                                     std::string_view("smtp://[::1"),
                                     std::string_view("smtp://[::1]x"),
                                     std::string_view("smtp://[::1]]"),
                                     std::string_view("smtp://::1"),
                                     std::string_view("smtp://[]"),
                                     std::string_view("smtp://["),
                                     std::string_view("smtp://h:"),
                                     std::string_view("smtp://h:-1"),
                                     std::string_view("smtp://[IPv6:::1]"),
                                     std::string_view("lmtp://u@h"),
                                     std::string_view("lmtp+unix:///a\0b", 16),
                                     std::string_view("lmtp+tls://h"),
                                     std::string_view("https://h")}) {
    INFO(odd);
    CHECK_FALSE(parse_next_hop(odd));
  }
}

TEST_CASE("a via is taken apart") {
  const auto host = [](std::string_view text) {
    return std::get<ToSmarthost>(std::get<NextHop>(*parse_via(text)));
  };
  const auto lmtp = [](std::string_view text) {
    return std::get<ToLmtp>(std::get<NextHop>(*parse_via(text)));
  };
  const ToSmarthost via = host("submission://ann@office.example@Relay.example");
  CHECK(via.user == "ann@office.example");
  CHECK(via.host == "relay.example");
  CHECK(via.port == 587);
  CHECK(lmtp("lmtp://[::1]:2424").host == "::1");
  CHECK(lmtp("lmtp://[::1]:2424").port == 2424);
  CHECK(std::get<NextHop>(*parse_via("lmtp+unix:///run/dovecot/lmtp")) ==
        NextHop(ToLmtpSocket{"/run/dovecot/lmtp"}));
  CHECK(*parse_via("mx") == Via(MxOfRecipient{}));
  CHECK(*parse_via("mailbox") == Via(MailboxOfRecipient{}));
  CHECK(*parse_via("discard") == Via(NextHop(Discard{})));
  for (const char* wrong : {"", "http://x", "smtp://", "smtp://h:0", "smtp://h:x", "smtp://h:99999",
                            "smtp://h:25/x", "smtp://[1.2.3.4]", "lmtp+unix://x"}) {
    CHECK_FALSE(parse_via(wrong));
  }
}

TEST_CASE("a wrong via is answered with what is allowed") {
  const std::string allowed =
      " is not one of mx, smtp://host:port, smtps://user@host:465, submission://user@host:587, "
      "lmtp://host:port, lmtp+unix:///path, mailbox, discard or \"reject 5.7.1 why\"";
  for (const std::string wrong :
       {"", "ftp://x", "smtp://", "smtp://@h", "lmtp://u@h", "lmtp://u:p@h", "mx:a.example",
        "mx:", "local:ann", "local:", "discard it", "reject"}) {
    INFO(wrong);
    CHECK(parse_via(wrong).error() == "\"" + wrong + "\"" + allowed);
  }
  const std::string far = "lmtp+unix:///" + std::string(107, 's');
  struct Row {
    std::string text, error;
  };
  for (const Row& row : {
           Row{"smtps://u:p@h", "`via` must not hold a password: use `password_file`"},
           Row{"lmtp+unix://x", "\"lmtp+unix://x\" needs an absolute path: lmtp+unix:///path"},
           Row{"reject because",
               "\"reject because\" is not like \"reject 5.7.1 why\": a permanent "
               "code of RFC 3463 and a reason"},
       }) {
    CHECK(parse_via(row.text).error() == row.error);
  }
  CHECK(parse_via(far).error().ends_with("\" is too long: a unix socket has 107 octets at most"));
}
