// The pure parts of delivery: replies, routes, MX order, smarthosts, reports.
#include <catch2/catch.hpp>

#include "delivery/attempt/conclusion.h"
#include "delivery/report/report.h"
#include "delivery/route/mx_hosts.h"
#include "delivery/route/router.h"
#include "delivery/route/smarthost.h"
#include "delivery/smtp/remote_reply.h"

using namespace postern;
using namespace postern::delivery;
using Progress = ReplyParser::Progress;

namespace {
mail::EmailAddress address(std::string_view text) { return *mail::EmailAddress::parse(text); }
std::size_t last_of(std::size_t n) { return n - 1; }  // a shuffle that changes nothing
}  // namespace

TEST_CASE("only three digits from 2 to 5 and a blank or hyphen are a reply") {
  for (const char* line : {"250 ok", "250-more", "354 go", "421 bye", "599 x", "250 "})
    CHECK(ReplyParser().feed(line) != Progress::broken);
  for (const char* line : {"", "2", "25", "250", "250ok", "250_ok", "150 ok", "650 ok", "050 x",
                           "OK", " 250 ok", "2x0 ok", "250\tok", "+OK"})
    CHECK(ReplyParser().feed(line) == Progress::broken);
}

TEST_CASE("what was not tried for the crowd before it waits, and no attempt is counted") {
  queue::Lease lease;
  lease.recipients = {{address("x@far.example"), "", {}}};
  lease.age = std::chrono::hours(24 * 30);  // long past its life
  AttemptResult result = same_for_all(1, our_delay({4, 4, 5}, "in line"));
  result.crowded = true;
  const Conclusion made = conclude(lease, result, queue::RetrySchedule({}), 0.5);
  CHECK_FALSE(made.settlement.counts);
  CHECK(made.settlement.retry_in == std::chrono::seconds(30));
  CHECK(made.settlement.done.empty());
  CHECK(made.reports.empty());
}

TEST_CASE("the lines of a reply share one code and stay in bounds") {
  ReplyParser mixed;
  CHECK(mixed.feed("250-a") == Progress::more);
  CHECK(mixed.feed("550 b") == Progress::broken);

  ReplyParser endless;
  Progress progress = Progress::more;
  for (int n = 0; n < 1000 && progress == Progress::more; ++n) progress = endless.feed("250-x");
  CHECK(progress == Progress::broken);

  CHECK(ReplyParser().feed("250 " + std::string(ReplyParser::line_limit, 'x')) == Progress::broken);
  ReplyParser wide;
  const std::string line = "250-" + std::string(2000, 'x');
  std::size_t lines = 0;
  while (wide.feed(line) == Progress::more) ++lines;
  CHECK(lines == ReplyParser::octets_limit / 2001);
}

TEST_CASE("a reply gives its text, with a repeated status code once") {
  ReplyParser parser;
  CHECK(parser.feed("550-5.1.1 No such") == Progress::more);
  CHECK(parser.feed("550 5.1.1 user") == Progress::complete);
  const RemoteReply reply = parser.take();
  CHECK(reply.code == 550);
  CHECK(reply.words() == "550 5.1.1 No such user");
  CHECK(reply.status().text() == "5.1.1");
  CHECK(parser.feed("220 ready") == Progress::complete);
  CHECK(parser.take().text == "ready");
}

TEST_CASE("control characters of a remote do not reach the log") {
  ReplyParser parser;
  parser.feed("550 \x1b[31mred\x07");
  CHECK(parser.take().words().find('\x1b') == std::string::npos);
}

TEST_CASE("hosts come by preference, each once") {
  const auto hosts = order_hosts(
      {{20, "b.example"}, {10, "A.example."}, {30, "a.example"}, {20, "c.example"}}, last_of);
  REQUIRE(hosts.size() == 3);
  CHECK(hosts[0].host == "a.example");
  CHECK(hosts[1].host == "b.example");
  CHECK(hosts[2].host == "c.example");
  const auto other = order_hosts({{20, "b.example"}, {20, "c.example"}},
                                 [](std::size_t) { return std::size_t{0}; });
  CHECK(other[0].host == "c.example");
}

TEST_CASE("our own name or address drops us and all hosts that are not better") {
  const auto place = [](const char* text) { return *net::Address::parse(text); };
  const std::vector<MxHost> hosts{{5, "best.example", {place("192.0.2.1:25")}},
                                  {10, "equal.example", {place("192.0.2.2:25")}},
                                  {10, "us.example", {place("192.0.2.3:25")}},
                                  {20, "worse.example", {place("192.0.2.4:25")}}};
  OwnIdentity by_name{{"us.example"}, {}};
  CHECK(drop_from_ourselves(hosts, by_name) == std::vector<MxHost>{hosts[0]});
  OwnIdentity by_address{{}, [&](const net::Address& a) { return a == place("192.0.2.2:25"); }};
  CHECK(drop_from_ourselves(hosts, by_address) == std::vector<MxHost>{hosts[0]});
  OwnIdentity best{{"best.example"}, {}};
  CHECK(drop_from_ourselves(hosts, best).empty());
  CHECK(drop_from_ourselves(hosts, {}).size() == 4);
}

TEST_CASE("domains with the same hosts share a key") {
  CHECK(group_key({{1, "a", {}}, {2, "b", {}}}) == group_key({{1, "b", {}}, {1, "a", {}}}));
  CHECK(group_key({{1, "a", {}}}) != group_key({{1, "b", {}}}));
}

TEST_CASE("hops are counted in the header only") {
  CHECK(
      count_received(
          "Received: x\r\n by y\r\nRECEIVED: z\r\nSubject: received:\r\n\r\nReceived: body\r\n") ==
      2);
  CHECK(count_received("") == 0);
}

TEST_CASE("a route's pattern") {
  struct Row {
    const char *pattern, *address;
    bool matches;
  };
  // clang-format off
  for (const Row& row : {
      Row{"*",                 "a@b.example",         true},
      Row{"",                  "a@b.example",         true},
      Row{"b.example",         "a@b.example",         true},
      Row{"B.Example",         "a@b.example",         true},
      Row{"b.example",         "a@c.b.example",       false},
      Row{"*.b.example",       "a@c.b.example",       true},
      Row{"*.b.example",       "a@b.example",         false},
      Row{"*.b.example",       "a@cb.example",        false},
      Row{"a@b.example",       "A@b.example",         true},
      Row{"a@b.example",       "c@b.example",         false},
      Row{"*@b.example",       "c@b.example",         true},
      Row{"*@b.example",       "c@d.b.example",       false}}) {
    // clang-format on
    INFO(row.pattern << " " << row.address);
    CHECK(RoutePattern(row.pattern).matches(address(row.address)) == row.matches);
  }
  CHECK(RoutePattern("*").matches(mail::ReversePath()));
  CHECK_FALSE(RoutePattern("*@b.example").matches(mail::ReversePath()));
}

TEST_CASE("the first route that matches wins, by recipient and sender") {
  const auto via = [](std::string_view text) { return *queue::parse_via(text); };
  const std::vector<RouteRule> rules{
      {RoutePattern("*.example"), RoutePattern("*@sales.test"), via("smtp://sales:25")},
      {RoutePattern("x@a.example"), RoutePattern(""), via("discard")},
      {RoutePattern("*"), RoutePattern(""), via("smtp://all:25")}};
  const auto match = [&](const mail::ReversePath& sender, std::string_view recipient) {
    return *first_match(rules, sender, address(recipient));
  };
  CHECK(match(address("s@sales.test"), "x@a.example") == via("smtp://sales:25"));
  CHECK(match(address("s@other.test"), "x@a.example") == via("discard"));
  CHECK(match(std::nullopt, "y@a.example") == via("smtp://all:25"));
  CHECK(first_match({}, std::nullopt, address("y@a.example")) == nullptr);
}

TEST_CASE("a password makes a smarthost's certificate count") {
  const auto host = [](std::string_view hop, TlsDemand fallback) {
    return smarthost_of(*queue::parse_next_hop(hop), fallback);
  };
  const auto plain = host("smtp://relay.example:2525", TlsDemand::opportunistic);
  REQUIRE(plain.has_value());
  CHECK(plain->host == "relay.example");
  CHECK(plain->port == 2525);
  CHECK(plain->tls == TlsDemand::opportunistic);
  const auto login = host("submission://me@x.example@smtp.example", TlsDemand::off);
  REQUIRE(login.has_value());
  CHECK(login->user == "me@x.example");
  CHECK(login->port == 587);
  CHECK(login->tls == TlsDemand::verified);
  CHECK_FALSE(login->tls_from_start);
  CHECK(host("submission://h", TlsDemand::off)->tls == TlsDemand::required);
  CHECK(host("smtps://h", TlsDemand::off)->tls_from_start);
  CHECK(host("lmtp://h", TlsDemand::off)->protocol == Protocol::lmtp);
  const auto unix_socket = host("lmtp+unix:///run/lmtp", TlsDemand::required);
  CHECK(unix_socket->addresses.size() == 1);
  CHECK(unix_socket->tls == TlsDemand::off);
  for (const char* hop : {"mx:a.example", "local:ann", "discard", "reject 5.7.1 no"})
    CHECK_FALSE(host(hop, TlsDemand::off).has_value());
}

TEST_CASE("reports go to who wants them, and never to the null sender") {
  queue::Lease lease;
  lease.sender = address("s@a.example");
  lease.recipients = {{address("x@b.example"), "", {}},
                      {address("y@b.example"), "", {.set = true, .never = true}}};
  Settings settings;
  settings.postmaster = "postmaster@a.example";
  const auto wanted = wanted_reports(
      lease, {{0, DsnKind::failed, {}}, {1, DsnKind::failed, {}}, {0, DsnKind::relayed, {}}});
  REQUIRE(wanted.size() == 1);
  CHECK(wanted[0].recipient == 0);
  CHECK(report_recipient(lease, wanted, settings) == lease.sender);
  CHECK_FALSE(report_recipient(lease, {}, settings));

  lease.sender.reset();
  CHECK(report_recipient(lease, wanted, settings) == address("postmaster@a.example"));
  CHECK_FALSE(report_recipient(lease, {{0, DsnKind::delayed, {}}}, settings));
  lease.recipients[0].address = address("Postmaster@a.example");
  CHECK_FALSE(report_recipient(lease, wanted, settings));
  lease.recipients[0] = {address("real@c.example"), "rfc822;postmaster@a.example", {}};
  CHECK_FALSE(report_recipient(lease, wanted, settings));
}
