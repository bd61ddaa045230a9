// tests/unit/relay/api/offline_test.cc: the operator's work on accounts and aliases, without a
// server.
#include "relay/api/offline.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <random>

#include "core/json.h"

using namespace postern;

namespace {

struct Office {
  std::filesystem::path file = std::filesystem::temp_directory_path() /
                               ("pt-accounts-" + std::to_string(std::random_device()()));
  policy::Accounts accounts{file, 4};

  ~Office() {
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + end);
  }
  std::pair<int, Json> ask(std::string_view method, std::string_view path,
                           std::string_view body = {}) {
    const relay::LocalDomains domains{
        [](const mail::Domain& domain) { return domain.text() == "office.example"; },
        "mail.office.example"};
    const auto answer = http::answer_offline(accounts, domains, method, path, body);
    return {answer.status, parse_json(answer.body)};
  }
};

}  // namespace

TEST_CASE("an account is added, shown, disabled and removed") {
  Office office;
  const auto [status, made] =
      office.ask("POST", "/v1/accounts", R"({"address":"Ann@office.example","quota":1000})");
  CHECK(status == 201);
  CHECK(made.at("password").get<std::string>().size() >= 20);
  CHECK(office.ask("POST", "/v1/accounts", R"({"address":"ann@office.example","password":"x"})")
            .first == 409);
  CHECK(office.ask("GET", "/v1/accounts/ann%40office.example").second.at("quota") == 1000);
  CHECK(office.ask("POST", "/v1/accounts/ann%40office.example/disable", "{}").first == 200);
  CHECK(office.ask("GET", "/v1/accounts").second.at(0).at("enabled") == false);
  CHECK(office.ask("DELETE", "/v1/accounts/ann%40office.example").first == 200);
  CHECK(office.ask("DELETE", "/v1/accounts/ann%40office.example").first == 404);
}

TEST_CASE("what is wrong with a request is said") {
  Office office;
  for (const auto& [method, path, body, status] :
       std::vector<std::tuple<const char*, const char*, const char*, int>>{
           {"POST", "/v1/accounts", R"({"address":"ann@elsewhere.example"})", 422},
           {"POST", "/v1/accounts", R"({"address":"ann"})", 422},
           {"POST", "/v1/accounts", "[]", 400},
           {"POST", "/v1/accounts", "{", 400},
           {"POST", "/v1/accounts", R"({"address":"ann@office.example","quota":-1})", 422},
           {"POST", "/v1/accounts", R"({"address":"ann@office.example","quota":"1GB"})", 400},
           {"POST", "/v1/accounts", R"({"address":"ann@office.example","operator":1})", 400},
           {"POST", "/v1/accounts", R"({"address":"ann@office.example","pasword":"x"})", 400},
           {"DELETE", "/v1/accounts/x%40office.example", R"({"purge":"yes"})", 400},
           {"POST", "/v1/aliases", R"({"from":"all@office.example","to":[5]})", 400},
           {"POST", "/v1/accounts", R"({"address":"ann@office.example","quota":0})", 422},
           {"POST", "/v1/accounts",
            R"({"address":"ann@office.example","quota":9223372036854775808})", 422},
           {"POST", "/v1/accounts", R"({"address":"ann@office.example","password":"a\u0000b"})",
            422},
           {"PUT", "/v1/accounts", "{}", 405},
           {"GET", "/v1/accounts//password", "", 404},
           {"GET", "/v1/accounts/ann%4", "", 400},
           {"GET", "/v1/accounts/ann%zz", "", 400},
           {"GET", "/v1/accounts/x%40office.example", "", 404},
           {"POST", "/v1/aliases", R"({"from":"all@office.example","to":[]})", 422},
           {"POST", "/v1/aliases", R"({"from":"all@office.example","to":["all@office.example"]})",
            422}}) {
    CAPTURE(method, path, body);
    const auto [got, answer] = office.ask(method, path, body);
    CHECK(got == status);
    CHECK(!answer.at("detail").get<std::string>().empty());
  }
}

TEST_CASE("an app password is shown once and can be revoked") {
  Office office;
  office.ask("POST", "/v1/accounts", R"({"address":"ann@office.example","password":"x"})");
  const auto [status, made] = office.ask("POST", "/v1/accounts/ann%40office.example/app-passwords",
                                         R"({"label":"my phone","scope":"imap"})");
  CHECK(status == 201);
  const std::string secret = made.at("secret");
  CHECK(office.accounts.verify("ann@office.example", secret, policy::Scope::imap));
  CHECK_FALSE(office.accounts.verify("ann@office.example", secret, policy::Scope::smtp));
  CHECK(office.ask("DELETE", "/v1/accounts/ann%40office.example/app-passwords/my%20phone").first ==
        200);
  CHECK_FALSE(office.accounts.verify("ann@office.example", secret, policy::Scope::imap));
}

TEST_CASE(
    "the gateway's own name has aliases, so that somebody reads root's mail, and no accounts") {
  Office office;
  CHECK(office
            .ask("POST", "/v1/aliases",
                 R"({"from":"root@Mail.office.example","to":["ann@office.example"]})")
            .first == 201);
  CHECK(office.accounts.aliases().front().from.text() == "root@mail.office.example");
  CHECK(office.ask("POST", "/v1/accounts", R"({"address":"root@mail.office.example"})").first ==
        422);
  CHECK(office
            .ask("POST", "/v1/aliases",
                 R"({"from":"root@other.example","to":["ann@office.example"]})")
            .first == 422);
}

TEST_CASE("what needs a running gateway says so while none runs") {
  Office office;
  const auto [status, answer] = office.ask("GET", "/v1/queue");
  CHECK(status == 503);
  CHECK(answer.at("detail") == "no gateway runs");
}
