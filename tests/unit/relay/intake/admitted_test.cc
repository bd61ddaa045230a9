// tests/unit/relay/intake/admitted_test.cc: what recipients come to, how many that may be, and who
// hears of it.
#include "relay/intake/admitted.h"

#include <catch2/catch.hpp>

#include "delivery/report/expansion.h"
#include "delivery/report/rights.h"

using namespace postern;
using namespace postern::relay;

namespace {

mail::EmailAddress address(std::string_view text) { return *mail::EmailAddress::parse(text); }

mail::Notify notify(std::string_view text) {
  return text.empty() ? mail::Notify() : *mail::parse_notify(text);
}

delivery::SharedAddresses list_of(std::size_t count) {
  std::vector<mail::EmailAddress> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back(address("u" + std::to_string(i) + "@a.example"));
  return std::make_shared<const std::vector<mail::EmailAddress>>(std::move(all));
}

Admitted named(std::string_view text, delivery::SharedAddresses targets,
               std::string_view wish = "") {
  return {{address(text), {}, notify(wish)}, std::move(targets)};
}

}  // namespace

TEST_CASE("a stranger's NOTIFY comes to failures, and one who wanted none hears nothing") {
  const auto granted = [](std::string_view asked) {
    return mail::notify_text(delivery::failures_only(notify(asked)));
  };
  CHECK(granted("") == "");
  CHECK(granted("SUCCESS,FAILURE,DELAY") == "FAILURE");
  CHECK(granted("SUCCESS,DELAY") == "NEVER");
  CHECK(granted("NEVER") == "NEVER");
  CHECK(delivery::failures_only(notify("SUCCESS")).never);
}

TEST_CASE("of an alias of several no success is reported by its members, of one target it is") {
  const auto wish = [](std::size_t targets, std::string_view asked) {
    return mail::notify_text(
        named("list@b.example", list_of(targets), asked).recipients().front().notify);
  };
  CHECK(wish(1, "SUCCESS,FAILURE") == "SUCCESS,FAILURE");
  CHECK(wish(2, "SUCCESS,FAILURE") == "FAILURE");
  CHECK(wish(2, "SUCCESS") == "NEVER");
  CHECK(wish(2, "") == "");
}

TEST_CASE("a target has the alias as its original recipient, unless the client named another") {
  Admitted one = named("list@b.example", list_of(1));
  CHECK(one.recipients().front().orcpt == "rfc822;list@b.example");
  one.as_given.orcpt = "rfc822;old@c.example";
  CHECK(one.recipients().front().orcpt == "rfc822;old@c.example");
  CHECK(Admitted::itself(one.as_given).recipients() == std::vector{one.as_given});
}

TEST_CASE("a list counts once in a transaction, whatever it is called, and is sent once") {
  Admissions all;
  const auto list = list_of(1000);
  for (int form = 0; form < 50; ++form)
    CHECK(all.add(named("list+" + std::to_string(form) + "@b.example", list)));
  CHECK(all.size() == 50);
  CHECK(recipients_of(all.take()).size() == 1000);
  CHECK(all.empty());
}

TEST_CASE("the targets of a transaction are bounded, and one too many changes nothing") {
  Admissions all;
  const auto list = list_of(1000);
  for (int n = 1; n < 10; ++n) REQUIRE(all.add(named("x@b.example", list_of(1000))));
  REQUIRE(all.add(named("list@b.example", list)));
  CHECK_FALSE(all.add(named("ann@b.example", list_of(1))));
  CHECK(all.add(named("list+again@b.example", list)));
  CHECK(all.size() == 11);
  all.clear();
  CHECK(all.add(named("ann@b.example", list_of(1))));
}

TEST_CASE("the report of an alias says expanded, names the alias and none of its members") {
  queue::NewMessage message;
  message.id = queue::QueueId{1};
  message.sender = address("ann@b.example");
  message.body = queue::Body::in_memory(std::string("Subject: hi\r\n\r\nHello\r\n"));
  delivery::Settings settings;
  settings.hostname = "mx.b.example";
  settings.postmaster = "postmaster@b.example";
  const auto report_for = [&](std::string_view wish) {
    return delivery::make_expansion_report(message,
                                           {named("list@b.example", list_of(3), wish).as_given},
                                           "Subject: hi\r\n\r\n", settings, {});
  };
  const auto report = report_for("SUCCESS");
  REQUIRE(report);
  const std::string text = report->body.read();
  CHECK(
      text.contains("Final-Recipient: rfc822;list@b.example\r\nAction: expanded\r\nStatus: 2.0.0"));
  CHECK(text.contains("Subject: hi"));
  CHECK_FALSE(text.contains("@a.example"));
  CHECK(report->id != message.id);
  CHECK_FALSE(report_for("FAILURE"));
  CHECK_FALSE(report_for(""));
  message.sender.reset();
  CHECK_FALSE(report_for("SUCCESS"));
}
