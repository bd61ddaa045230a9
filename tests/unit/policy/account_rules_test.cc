// tests/unit/policy/account_rules_test.cc: equal work, scopes, forwarding, and whom an account may
// be.
#include "policy/accounts.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/metrics.h"
#include "policy/password_hash.h"

using namespace postern;
using policy::Accounts;
using policy::Scope;

namespace {

mail::EmailAddress address(std::string_view text) { return *mail::EmailAddress::parse(text); }

constexpr unsigned cheap = 10;

struct Fixture {
  Fixture() {
    static int count = 0;
    folder = std::filesystem::temp_directory_path() /
             ("postern-accounts-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
    std::filesystem::create_directory(folder);
    accounts.emplace(folder / "accounts.db", cheap);
  }
  ~Fixture() {
    accounts.reset();
    std::filesystem::remove_all(folder);
  }
  std::vector<std::string> expand(std::string_view text) {
    std::vector<std::string> all;
    for (const auto& one : accounts->expand(address(text))) all.push_back(one.text());
    return all;
  }
  std::optional<policy::Account> add(std::string_view text, std::string_view password = "secret") {
    auto made = accounts->add(address(text), password, std::nullopt, false);
    if (!made) return std::nullopt;
    return *made;
  }

  std::filesystem::path folder;
  std::optional<Accounts> accounts;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(Fixture, "a remembered password skips the hash; an unknown account does not") {
  accounts.emplace(folder / "accounts.db", 15);
  add("ann@office.example");
  const metrics::Counter& hashes = metrics::counter("postern_password_hashes_total", "");
  const auto work = [&](std::string_view user, std::string_view password) {
    const double before = hashes.value();
    accounts->verify(user, password, Scope::smtp);
    return hashes.value() - before;
  };
  CHECK(work("ann@office.example", "secret") == 1);
  CHECK(work("ann@office.example", "secret") == 0);
  CHECK(work("ann@office.example", "wrong") == 1);
  CHECK(work("bob@office.example", "wrong") == 1);
  CHECK(work("@@", "wrong") == 1);
}

TEST_CASE_METHOD(Fixture, "an app password opens its scopes only, until it is revoked") {
  add("ann@office.example");
  const auto ann = address("ann@office.example");
  const auto secret = accounts->add_app_password(ann, "phone", *policy::parse_scopes("imap,smtp"));
  REQUIRE(secret);
  CHECK(secret->find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos);
  CHECK_FALSE(accounts->app_passwords(ann)->front().last_use);
  CHECK(accounts->verify("ann@office.example", *secret, Scope::imap));
  CHECK(accounts->app_passwords(ann)->front().last_use);
  CHECK_FALSE(accounts->verify("ann@office.example", *secret, Scope::pop3));
  CHECK_FALSE(accounts->add_app_password(ann, "phone", 1));
  CHECK_FALSE(accounts->add_app_password(ann, "", 1));
  REQUIRE(accounts->set_enabled(ann, false));
  CHECK_FALSE(accounts->verify("ann@office.example", *secret, Scope::imap));
  REQUIRE(accounts->set_enabled(ann, true));
  REQUIRE(accounts->revoke_app_password(ann, "phone"));
  CHECK_FALSE(accounts->verify("ann@office.example", *secret, Scope::imap));
  CHECK_FALSE(accounts->revoke_app_password(ann, "phone"));
}

TEST_CASE_METHOD(Fixture, "aliases lead to every end once") {
  add("ann@office.example");
  add("bob@office.example");
  const auto alias = [&](std::string_view from, std::vector<mail::EmailAddress> to) {
    return accounts->add_alias(address(from), to).has_value();
  };
  REQUIRE(alias("all@office.example", {address("ann@office.example"), address("bob@office.example"),
                                       address("x@far.example")}));
  REQUIRE(
      alias("team@office.example", {address("ALL@office.example"), address("ann@office.example")}));
  CHECK(expand("team@office.example") ==
        Texts{"ann@office.example", "bob@office.example", "x@far.example"});
  CHECK(expand("ann@office.example") == Texts{"ann@office.example"});
  CHECK(expand("ann+lists@office.example") == Texts{"ann@office.example"});
  CHECK(expand("team+x@office.example").size() == 3);
  CHECK(expand("nobody@office.example") == Texts{"nobody@office.example"});

  SECTION("what would lead back is refused") {
    CHECK_FALSE(alias("loop@office.example", {address("loop@office.example")}));
    CHECK_FALSE(alias("loop@office.example", {address("loop+x@office.example")}));
    REQUIRE(alias("a@office.example", {address("b@office.example")}));
    CHECK_FALSE(alias("b@office.example", {address("A@office.example")}));
    CHECK_FALSE(alias("all@office.example", {address("carl@far.example")}));
    CHECK_FALSE(alias("none@office.example", {}));
  }
  SECTION("an account may forward and keep a copy") {
    REQUIRE(alias("ann@office.example", {address("ann@office.example"), address("x@far.example")}));
    CHECK(expand("ann@office.example") == Texts{"ann@office.example", "x@far.example"});
  }
  SECTION("an account may send as what leads to it") {
    const auto own = accounts->addresses_of(accounts->find(address("ann@office.example"))->id);
    CHECK(own ==
          std::set<std::string>{"ann@office.example", "all@office.example", "team@office.example"});
  }
  SECTION("an alias's address is no account's, and goes when it is removed") {
    CHECK_FALSE(add("all@office.example"));
    REQUIRE(accounts->remove_alias(address("team@office.example")));
    CHECK(accounts->aliases().size() == 1);
    CHECK_FALSE(accounts->remove_alias(address("team@office.example")));
  }
}

TEST_CASE("passwords that are made are long and different") {
  CHECK(policy::make_password().size() == 23);
  CHECK(policy::make_password() != policy::make_password());
}

TEST_CASE("a hash record that is none verifies nothing") {
  const auto good = policy::hash_password("x", cheap);
  CHECK(policy::verify_password("x", good));
  for (const std::string_view record : {"", "scrypt", "scrypt$99$8$1$AAAA$AAAA",
                                        "scrypt$10$8$1$AAAA$", "bcrypt$10$8$1$AAAA$AAAA"}) {
    CHECK_FALSE(policy::verify_password("x", record));
  }
}

TEST_CASE("a hash that was made can be verified, whatever cost was asked for") {
  const auto cheapest = policy::hash_password("x", 1);
  CHECK(cheapest.starts_with("scrypt$10$"));
  CHECK(policy::verify_password("x", cheapest));
}

TEST_CASE_METHOD(Fixture, "what root makes offline belongs to the owner of data_dir") {
  if (::geteuid() != 0) return;  // only root makes files for others
  const auto data_dir = folder / "data";
  std::filesystem::create_directory(data_dir);
  REQUIRE(::chown(data_dir.c_str(), 12'345, 23'456) == 0);
  Accounts made(data_dir / "accounts.db", cheap);
  REQUIRE(made.add(address("ann@office.example"), "secret", std::nullopt, false));
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(data_dir)) {
    INFO(entry.path());
    struct stat status{};
    REQUIRE(::stat(entry.path().c_str(), &status) == 0);
    CHECK(status.st_uid == 12'345);
    CHECK(status.st_gid == 23'456);
    ++files;
  }
  CHECK(files == 3);  // with -wal and -shm
}

TEST_CASE("scopes are named") {
  CHECK(policy::parse_scopes("smtp,http") == 9U);
  CHECK(policy::scopes_text(9) == "smtp,http");
  CHECK_FALSE(policy::parse_scopes(""));
  CHECK_FALSE(policy::parse_scopes("smtp,"));
  CHECK_FALSE(policy::parse_scopes("ftp"));
}
