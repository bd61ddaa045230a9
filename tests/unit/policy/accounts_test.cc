// Accounts, passwords and aliases in a database of the test.
#include "policy/accounts.h"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>

using namespace postern;
using namespace postern::policy;

namespace {

struct Database {
  Database() {
    std::string name = "/tmp/postern-accounts-XXXXXX";
    folder = mkdtemp(name.data());
  }
  ~Database() { std::filesystem::remove_all(folder); }
  Database(const Database&) = delete;
  std::filesystem::path file() const { return folder / "accounts.db"; }
  std::filesystem::path folder;
};

mail::EmailAddress at(std::string_view text) { return mail::EmailAddress::parse(text).value(); }

std::string expanded(Accounts& accounts, std::string_view address) {
  std::string text;
  for (const auto& one : accounts.expand(at(address))) text += one.text() + ' ';
  return text;
}

}  // namespace

TEST_CASE("an account is found and its password verified") {
  const Database database;
  Accounts accounts(database.file(), 10);
  const auto ann = accounts.add(at("Ann@b.example"), "secret word", 1000, true);
  REQUIRE(ann);
  CHECK(accounts.find(at("ann@B.example"))->id == ann->id);
  CHECK(accounts.find_by_id(ann->id)->quota == 1000U);
  CHECK(accounts.find_by_id(ann->id)->is_operator);
  for (int twice = 0; twice < 2; ++twice) {  // the second time from memory
    CHECK(accounts.verify("ANN@b.example", "secret word", Scope::imap)->id == ann->id);
  }
  CHECK_FALSE(accounts.verify("ann@b.example", "secret worD", Scope::imap));
  CHECK_FALSE(accounts.verify("ann@b.example", "", Scope::imap));
  CHECK_FALSE(accounts.verify("bob@b.example", "secret word", Scope::imap));
  CHECK_FALSE(accounts.verify("no address", "secret word", Scope::imap));
  CHECK_FALSE(accounts.verify("ann@b.example", std::string(100'000, 'x'), Scope::imap));
  CHECK(accounts.add(at("ANN@b.example"), "x", {}, false).error().kind ==
        AccountError::Kind::exists);
  CHECK(accounts.add(at("bob@b.example"), "", {}, false).error().kind ==
        AccountError::Kind::invalid);
  CHECK((std::filesystem::status(database.file()).permissions() &
         std::filesystem::perms::others_all) == std::filesystem::perms::none);
}

TEST_CASE("a credential lives until its password or account is changed, and no longer") {
  const Database database;
  Accounts accounts(database.file(), 10);
  accounts.add(at("ann@b.example"), "secret word", {}, false);
  const auto secret = accounts.add_app_password(at("ann@b.example"), "phone", 15);
  const auto own = accounts.verify("ann@b.example", "secret word", Scope::imap)->credential;
  const auto remembered = accounts.recall("ann@b.example", "secret word", Scope::imap)->credential;
  const auto phone = accounts.verify("ann@b.example", *secret, Scope::imap)->credential;
  CHECK(own == remembered);
  const auto lives = [&](const std::string& one) {
    return accounts.live_credentials().contains(one);
  };
  CHECK((lives(own) && lives(phone)));
  SECTION("another password") {
    accounts.set_password(at("ann@b.example"), "another one");
    CHECK((!lives(own) && lives(phone)));
  }
  SECTION("an app password that is revoked, and made again under its label") {
    accounts.revoke_app_password(at("ann@b.example"), "phone");
    accounts.add_app_password(at("ann@b.example"), "phone", 15);
    CHECK((lives(own) && !lives(phone)));
  }
  SECTION("a disabled account, also when it is enabled again") {
    accounts.set_enabled(at("ann@b.example"), false);
    CHECK((!lives(own) && !lives(phone)));
    accounts.set_enabled(at("ann@b.example"), true);
    CHECK(!lives(own));
  }
  SECTION("a removed account") {
    accounts.remove(at("ann@b.example"), false);
    CHECK((!lives(own) && !lives(phone)));
  }
}

TEST_CASE("a login that was good before needs no hash work, a changed one does") {
  const Database database;
  Accounts accounts(database.file(), 10);
  REQUIRE(accounts.add(at("ann@b.example"), "one", {}, false));
  CHECK_FALSE(accounts.recall("ann@b.example", "one", Scope::smtp));
  REQUIRE(accounts.verify("ann@b.example", "one", Scope::smtp));
  CHECK(accounts.recall("ann@b.example", "one", Scope::smtp));
  CHECK_FALSE(accounts.recall("ann@b.example", "two", Scope::smtp));
  CHECK_FALSE(accounts.recall("bob@b.example", "one", Scope::smtp));
  CHECK_FALSE(accounts.recall("no address", "one", Scope::smtp));
  REQUIRE(accounts.set_enabled(at("ann@b.example"), false));
  CHECK_FALSE(accounts.recall("ann@b.example", "one", Scope::smtp));
  REQUIRE(accounts.set_enabled(at("ann@b.example"), true));
  REQUIRE(accounts.set_password(at("ann@b.example"), "two"));
  CHECK_FALSE(accounts.recall("ann@b.example", "one", Scope::smtp));
}

TEST_CASE("a change counts at once, also one by another process") {
  const Database database;
  Accounts server(database.file(), 10), command_line(database.file(), 10);
  REQUIRE(server.add(at("ann@b.example"), "one", {}, false));
  REQUIRE(server.verify("ann@b.example", "one", Scope::smtp));
  const std::uint64_t before = server.revision();
  REQUIRE(command_line.set_password(at("ann@b.example"), "two"));
  CHECK(server.revision() > before);
  CHECK_FALSE(server.verify("ann@b.example", "one", Scope::smtp));
  REQUIRE(server.verify("ann@b.example", "two", Scope::smtp));
  REQUIRE(server.set_enabled(at("ann@b.example"), false));
  CHECK_FALSE(server.verify("ann@b.example", "two", Scope::smtp));
  CHECK(server.find(at("ann@b.example")));  // and still receives
  REQUIRE(command_line.set_enabled(at("ann@b.example"), true));
  CHECK(server.verify("ann@b.example", "two", Scope::smtp));
  CHECK(server.set_enabled(at("bob@b.example"), true).error().kind ==
        AccountError::Kind::not_found);
}

TEST_CASE("a removed account leaves its mailbox for 30 days and never comes back as itself") {
  const Database database;
  Accounts accounts(database.file(), 10);
  const auto first = accounts.add(at("ann@b.example"), "one", {}, false);
  REQUIRE(accounts.remove(at("ann@b.example"), false));
  CHECK_FALSE(accounts.verify("ann@b.example", "one", Scope::smtp));
  const auto again = accounts.add(at("ann@b.example"), "one", {}, false);
  CHECK(again->id != first->id);
  CHECK(again->uid_validity > first->uid_validity);
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  CHECK(accounts.purgeable(now + std::chrono::days(29)).empty());
  REQUIRE(accounts.purgeable(now + std::chrono::days(31)).size() == 1);
  CHECK(accounts.purgeable(now + std::chrono::days(31)).front().id == first->id);
  accounts.forget(first->id);
  CHECK(accounts.purgeable(now + std::chrono::days(31)).empty());
  REQUIRE(accounts.remove(at("ann@b.example"), true));
  CHECK(accounts.purgeable(now + std::chrono::seconds(5)).size() == 1);
  CHECK_FALSE(accounts.remove(at("ann@b.example"), true));
}

TEST_CASE("an app password is good for its scopes until it is revoked") {
  const Database database;
  Accounts accounts(database.file(), 10);
  REQUIRE(accounts.add(at("ann@b.example"), "one", {}, false));
  const auto secret =
      accounts.add_app_password(at("ann@b.example"), "phone", *parse_scopes("imap,smtp"));
  REQUIRE(secret);
  CHECK(secret->size() == 23);
  CHECK_FALSE(accounts.app_passwords(at("ann@b.example"))->front().last_use);
  CHECK(accounts.verify("ann@b.example", *secret, Scope::smtp));
  CHECK_FALSE(accounts.verify("ann@b.example", *secret, Scope::http));
  CHECK(accounts.verify("ann@b.example", "one", Scope::http));
  const auto all = accounts.app_passwords(at("ann@b.example"));
  REQUIRE(all->size() == 1);
  CHECK(all->front().label == "phone");
  CHECK(scopes_text(all->front().scopes) == "smtp,imap");
  CHECK(all->front().last_use);
  CHECK(accounts.add_app_password(at("ann@b.example"), "phone", 1).error().kind ==
        AccountError::Kind::exists);
  CHECK_FALSE(accounts.add_app_password(at("ann@b.example"), "a\nb", 1));
  CHECK_FALSE(parse_scopes("smtp,ftp"));
  REQUIRE(accounts.revoke_app_password(at("ann@b.example"), "phone"));
  CHECK_FALSE(accounts.verify("ann@b.example", *secret, Scope::smtp));
  CHECK_FALSE(accounts.revoke_app_password(at("ann@b.example"), "phone"));
}

TEST_CASE("aliases lead to their ends, without loops") {
  const Database database;
  Accounts accounts(database.file(), 10);
  const auto ann = accounts.add(at("ann@b.example"), "one", {}, false);
  REQUIRE(accounts.add_alias(at("sales@b.example"), {at("team@b.example"), at("x@far.example")}));
  REQUIRE(accounts.add_alias(at("team@b.example"), {at("ann@b.example"), at("x@far.example")}));
  CHECK(expanded(accounts, "SALES@b.example") == "x@far.example ann@b.example ");
  CHECK(expanded(accounts, "sales+2024@b.example") == "x@far.example ann@b.example ");
  CHECK(expanded(accounts, "ann+shop@b.example") == "ann@b.example ");
  CHECK(expanded(accounts, "nobody+x@b.example") == "nobody+x@b.example ");
  CHECK(accounts.addresses_of(ann->id) ==
        std::set<std::string>{"ann@b.example", "team@b.example", "sales@b.example"});
  CHECK(accounts.add_alias(at("sales@b.example"), {at("y@far.example")}).error().kind ==
        AccountError::Kind::exists);

  CHECK(accounts.add_alias(at("ann@b.example"), {at("sales@b.example")}).error().kind ==
        AccountError::Kind::invalid);
  CHECK_FALSE(accounts.add_alias(at("self@b.example"), {at("self@b.example")}));
  CHECK_FALSE(accounts.add_alias(at("self@b.example"), {at("self+x@b.example")}));
  CHECK_FALSE(accounts.add_alias(at("self@b.example"), {}));
  REQUIRE(accounts.add_alias(at("ann@b.example"), {at("ann@b.example"), at("copy@far.example")}));
  CHECK(expanded(accounts, "ann@b.example") == "ann@b.example copy@far.example ");

  REQUIRE(accounts.aliases().size() == 3);
  CHECK(accounts.aliases()[0].from == at("ann@b.example"));
  REQUIRE(accounts.remove_alias(at("TEAM@b.example")));
  CHECK_FALSE(accounts.remove_alias(at("team@b.example")));
  CHECK(expanded(accounts, "team@b.example") == "team@b.example ");
}
