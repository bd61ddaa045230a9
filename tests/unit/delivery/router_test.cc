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
    settings->routes = {{.to = "legacy@office.example", .from = "", .via = "smtp://old.example:25"},
                        {.to = "bad@office.example", .from = "", .via = "reject 5.7.1 go away"},
                        {.to = "here.example", .from = "", .via = "mailbox"}};
  }
  /// "ADDRESS HOP" of each destination.
  std::vector<std::string> of(std::string_view recipient) {
    Router router(settings, office);
    std::vector<std::string> all;
    for (const Destination& one :
         loop.run_until_done(router.destinations(std::nullopt, address(recipient)))) {
      const auto* hop = std::get_if<ToHop>(&one.route);
      const bool is_missing = std::holds_alternative<NoSuchMailbox>(one.route);
      all.push_back(one.address.text() + " " +
                    (hop          ? hop->next_hop
                     : is_missing ? "missing"
                                  : "rejected"));
    }
    return all;
  }
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a route takes its address before the catch-all does") {
  Bench bench;
  CHECK(bench.of("legacy@office.example") == Texts{"legacy@office.example smtp://old.example:25"});
  CHECK(bench.of("bad@office.example") == Texts{"bad@office.example rejected"});
  CHECK(bench.of("nobody@office.example") == Texts{"ann@office.example local:ann"});
  CHECK(bench.of("nobody@here.example") == Texts{"ann@office.example local:ann"});
  CHECK(bench.of("bob@office.example") == Texts{"bob@office.example local:bob"});
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
