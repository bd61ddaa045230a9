// tests/unit/delivery/router_test.cc: what a recipient comes to: aliases, routes, catch-all.
#include "delivery/route/router.h"

#include <catch2/catch.hpp>
#include <map>

#include "core/async/loop.h"

using namespace postern;
using namespace postern::delivery;

namespace {

mail::EmailAddress address(std::string_view text) { return *mail::EmailAddress::parse(text); }

/// ann and bob @office.example have mailboxes; team is both and one who has left; who is unknown
/// there is ann's.
struct Office final : LocalAddresses {
  std::vector<mail::EmailAddress> catch_all{address("ann@office.example")};
  bool is_local(const mail::Domain& domain) const override {
    return domain.text() == "office.example";
  }
  Task<std::vector<mail::EmailAddress>> expand(mail::EmailAddress given) override {
    if (given.text() != "team@office.example") co_return std::vector{given};
    co_return std::vector{address("bob@office.example"), address("gone@office.example")};
  }
  std::vector<mail::EmailAddress> stand_ins(const mail::EmailAddress&) const override {
    return catch_all;
  }
  Task<std::optional<LocalAccount>> find_account(mail::EmailAddress given) override {
    return account_by_id(given.local_part());
  }
  Task<std::optional<LocalAccount>> account_by_id(std::string id) override {
    if (id == "ann" || id == "bob") co_return LocalAccount{id, {}};
    co_return std::nullopt;
  }
};

struct Bench {
  Loop loop;
  Office office;
  std::shared_ptr<Settings> settings = std::make_shared<Settings>();

  Bench() {
    for (const auto& [to, via] : {std::pair("legacy@office.example", "smtp://old.example:25"),
                                  {"bad@office.example", "reject 5.7.1 go away"},
                                  {"here.example", "mailbox"},
                                  {"void.example", "discard"},
                                  {"lists@office.example", "mx"}})
      settings->routes.push_back({.to = to, .from = "", .via = *queue::parse_via(via)});
  }
  /// "ADDRESS HOP" of each destination.
  std::vector<std::string> of(std::string_view recipient) {
    Router router(settings, office);
    std::vector<std::string> all;
    for (const Destination& one :
         loop.run_until_done(router.destinations(std::nullopt, address(recipient)))) {
      CHECK(one.is_reached() == (!one.is_missing() && one.reject() == nullptr));
      all.push_back(one.address.text() + " " +
                    (one.is_missing() ? "missing" : queue::text(*one.route)));
    }
    return all;
  }
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a route takes its address before the catch-all does") {
  Bench bench;
  CHECK(bench.of("legacy@office.example") == Texts{"legacy@office.example smtp://old.example:25"});
  CHECK(bench.of("bad@office.example") == Texts{"bad@office.example reject 5.7.1 go away"});
  CHECK(bench.of("nobody@office.example") == Texts{"ann@office.example local:ann"});
  CHECK(bench.of("nobody@here.example") == Texts{"ann@office.example local:ann"});
  CHECK(bench.of("bob@office.example") == Texts{"bob@office.example local:bob"});
  CHECK(bench.of("lists@office.example") == Texts{"lists@office.example mx:office.example"});
  CHECK(bench.of("x@void.example") == Texts{"x@void.example discard"});
  CHECK(bench.of("x@[192.0.2.1]") == Texts{"x@[192.0.2.1] mx:[192.0.2.1]"});
}

TEST_CASE("recipients with one next hop travel together, in the order of their coming") {
  Bench bench;
  Router router(bench.settings, bench.office);
  std::vector<mail::Recipient> recipients;
  for (const char* text : {"x@far.example", "gone@office.example", "y@FAR.example",
                           "bad@office.example", "ann@office.example", "left@office.example"})
    recipients.push_back({address(text), "", {}});
  std::vector<std::string> planned;
  for (const auto& one :
       bench.loop.run_until_done(router.plan(std::nullopt, std::move(recipients))))
    planned.push_back(std::to_string(one.recipients.size()) + " " + queue::text(one.next_hop));
  CHECK(planned == Texts{"2 mx:far.example", "2 reject 5.1.1 No such mailbox here",
                         "1 reject 5.7.1 go away", "1 local:ann"});
}

TEST_CASE("a target of an alias that has no mailbox is not forgotten") {
  Bench bench;
  CHECK(bench.of("team@office.example") ==
        Texts{"bob@office.example local:bob", "ann@office.example local:ann"});
  bench.office.catch_all.clear();
  CHECK(bench.of("team@office.example") ==
        Texts{"bob@office.example local:bob", "gone@office.example missing"});
}

TEST_CASE(
    "of several stand-ins the first that exists gets the mail; one that does not helps nobody") {
  Bench bench;
  bench.office.catch_all = {address("void@office.example"), address("x@far.example"),
                            address("ann@office.example")};
  CHECK(bench.of("nobody@office.example") == Texts{"x@far.example mx:far.example"});
  bench.office.catch_all = {address("void@office.example")};
  CHECK(bench.of("nobody@office.example") == Texts{"nobody@office.example missing"});
}
