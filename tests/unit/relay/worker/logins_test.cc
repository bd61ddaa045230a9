// tests/unit/relay/worker/logins_test.cc: good logins beside those who guess.
#include "relay/worker/logins.h"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/async/task_group.h"
#include "core/async/timer.h"
#include "core/metrics.h"

using namespace postern;
using namespace postern::relay;
using policy::AuthFailure;
using policy::Scope;

namespace {

constexpr unsigned cheap = 10;
const std::string ann = "ann@office.example";

struct Bench {
  Bench() {
    for (const char* name : {"ann", "bob"})
      accounts.add(*mail::EmailAddress::parse(std::string(name) + "@office.example"), "right",
                   std::nullopt, false);
  }
  ~Bench() { std::filesystem::remove_all(folder); }

  Task<Logins::Verdict> ask(std::string ip, std::string user, std::string password) {
    return logins.login(std::move(user), std::move(password), Scope::imap,
                        *net::Address::parse_ip(ip));
  }
  /// "in", or why not.
  std::string log_in(const std::string& ip, const std::string& user, const std::string& password) {
    const auto verdict = loop.run_until_done(ask(ip, user, password));
    if (verdict) return "in";
    return verdict.error() == AuthFailure::bad_credentials ? "wrong"
           : verdict.error() == AuthFailure::too_many      ? "too many"
                                                           : "later";
  }
  /// Another password and the old one again: nothing is remembered of it.
  void forget_passwords() {
    for (const char* word : {"other", "right"})
      accounts.set_password(*mail::EmailAddress::parse(ann), word);
    logins.refresh();
  }

  std::string template_name = "/tmp/postern-logins-XXXXXX";
  std::filesystem::path folder = ::mkdtemp(template_name.data());
  policy::Accounts accounts{folder / "accounts.db", cheap};
  policy::LoginAllowance allowance{{.failures = 10}};
  FairPool hashing{1, 100, 1000};
  ThreadPool lookups{1, 10'000};
  Logins logins{accounts, allowance, hashing, lookups};
  Loop loop;
};

double hashes() { return metrics::counter("postern_password_hashes_total", "").value(); }

Task<> guess(Bench* bench, int number) {
  const std::string ip =
      "10.0." + std::to_string(number / 200) + "." + std::to_string(number % 200);
  const std::string name = "guess" + std::to_string(number) + "@office.example";
  for (int i = 0; i < 3; ++i) co_await bench->ask(ip, name, std::to_string(i));
}

/// The hashes that are made while ann's login waits among 300 who have 500 guesses left.
Task<double> hashes_before_ann_is_in(Bench* bench, std::string ip) {
  TaskGroup guessers;
  const double start = hashes();
  for (int i = 0; i < 300; ++i) guessers.spawn(guess(bench, i));
  while (hashes() - start < 400) co_await sleep_for(std::chrono::milliseconds(1));
  const double before = hashes();
  const auto verdict = co_await bench->ask(ip, ann, "right");
  const double made = hashes() - before;
  CHECK(verdict.has_value());
  co_await guessers.close();
  co_return made;
}

}  // namespace

TEST_CASE("a login from a familiar place waits for none of 300 who guess") {
  Bench bench;
  REQUIRE(bench.log_in("192.0.2.1", ann, "right") == "in");
  bench.forget_passwords();
  CHECK(bench.loop.run_until_done(hashes_before_ann_is_in(&bench, "192.0.2.1")) <= 20);
}

TEST_CASE("a login from a new place comes before those who have guessed wrong") {
  Bench bench;
  CHECK(bench.loop.run_until_done(hashes_before_ann_is_in(&bench, "192.0.2.1")) <= 20);
}

TEST_CASE("wrong passwords of others refuse nobody who is remembered or familiar there") {
  Bench bench;
  const std::string proxy = "192.0.2.1";
  REQUIRE(bench.log_in(proxy, ann, "right") == "in");
  for (int i = 0; i < 10; ++i) CHECK(bench.log_in(proxy, "bob@office.example", "x") == "wrong");
  CHECK(bench.log_in(proxy, "bob@office.example", "right") == "too many");
  CHECK(bench.log_in(proxy, ann, "right") == "in");  // remembered
  bench.forget_passwords();
  CHECK(bench.log_in(proxy, ann, "right") == "in");  // familiar
  for (int i = 0; i < 10; ++i) CHECK(bench.log_in(proxy, ann, "x") == "wrong");
  CHECK(bench.log_in(proxy, ann, "x") == "too many");
  bench.forget_passwords();
  CHECK(bench.log_in(proxy, ann, "right") == "in");
}

TEST_CASE("who watches a credential is told when it is good no more, and only then") {
  Bench bench;
  const auto account = bench.loop.run_until_done(bench.ask("192.0.2.1", ann, "right"));
  const auto other =
      bench.loop.run_until_done(bench.ask("192.0.2.1", "bob@office.example", "right"));
  int told = 0, of_bob = 0, gone = 0;
  const auto watch = bench.logins.watch(account->credential, [&] { ++told; });
  const auto of_other = bench.logins.watch(other->credential, [&] { ++of_bob; });
  auto left = bench.logins.watch(account->credential, [&] { ++gone; });
  left.reset();
  bench.logins.refresh();
  bench.forget_passwords();
  bench.logins.refresh();
  bench.loop.run_until_done([](int* count) -> Task<> {
    while (*count == 0) co_await sleep_for(std::chrono::milliseconds(1));
  }(&told));
  CHECK(told == 1);
  CHECK(of_bob == 0);
  CHECK(gone == 0);
}
