// tests/unit/relay/api/api_test.cc: the endpoints, with nothing behind them but fakes.
#include "relay/api/api.h"

#include <catch2/catch.hpp>

#include "core/async/loop.h"
#include "core/mail/encodings.h"
#include "fakes.h"

using namespace postern;
using http::Api;

namespace {

const std::string known_id = "0123456789ABC", other_id = "0123456789ABD";

queue::QueueId id(const std::string& text) { return *queue::parse_queue_id(text); }

std::shared_ptr<const relay::Snapshot> snapshot() {
  auto made = std::make_shared<relay::Snapshot>();
  made->config =
      relay::parse_config(
          "hostname = \"mail.office.example\"\ntrusted_networks = [\"192.0.2.0/24\"]\n"
          "[limits]\nmessage_size = \"1KiB\"\nrecipients = 2\n[domain.\"office.example\"]\n",
          "/somewhere/postern.toml")
          .value();
  return made;
}

/// A gateway of fakes, and somebody who asks it.
class Desk {
 public:
  explicit Desk(Api::Trust trust = Api::Trust::by_password)
      : api_({queue, accounts, server, intake, logins}, trust, snapshot()) {}

  Desk& as(const std::string& user, const std::string& password = "secret") {
    authorization_ = "Basic " + mail::base64_encode(user + ":" + password);
    return *this;
  }
  Desk& from(std::string_view peer) {
    peer_ = *net::Address::parse_ip(peer);
    return *this;
  }
  Desk& with(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  http::Response ask(std::string method, std::string target, std::string body = {}) {
    http::Request request;
    request.method = std::move(method);
    request.raw_path = request.path = target.substr(0, target.find('?'));
    request.query = query_;
    request.fields = fields_;
    if (!authorization_.empty()) request.fields.emplace_back("authorization", authorization_);
    request.body = std::move(body);
    request.peer = peer_;
    request.user = peer_user;
    return loop_.run_until_done(exchange(std::move(request)));
  }
  Desk& about(std::string name, std::string value) {
    query_.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  Json json(std::string method, std::string target, std::string body = {}) {
    return parse_json(ask(std::move(method), std::move(target), std::move(body)).body);
  }

  http::FakeQueue queue;
  http::FakeAccounts accounts;
  http::FakeServer server;
  smtp::FakeIntake intake;
  http::FakeHttpLogins logins;
  std::optional<unsigned> peer_user;

 private:
  Task<http::Response> exchange(http::Request request) {
    if (const auto refusal = co_await api_.admit(request)) co_return http::to_response(*refusal);
    co_return co_await api_.answer(std::move(request));
  }

  Loop loop_;
  Api api_;
  std::string authorization_;
  net::Address peer_ = *net::Address::parse_ip("203.0.113.1");
  http::Fields fields_, query_;
};

}  // namespace

TEST_CASE("without credentials the answer is 401, whatever the path and method") {
  Desk desk;
  for (const char* path : {"/", "/v1/", "/v1/nothing", "/v1/status", "/v1/queue", "/v1/%zz"}) {
    for (const char* method : {"GET", "POST", "OPTIONS", "BREW"}) {
      CAPTURE(path, method);
      const auto answer = desk.ask(method, path);
      CHECK(answer.status == 401);
      REQUIRE(!answer.fields.empty());
      CHECK(answer.fields.front().first == "WWW-Authenticate");
      CHECK(answer.content_type == "application/problem+json");
    }
  }
  CHECK(desk.logins.asked == 0);
}

TEST_CASE("logins that fail are told apart only where that helps nobody who guesses") {
  CHECK(Desk().as("ann", "wrong").ask("GET", "/v1/status").status == 401);
  CHECK(Desk().as("nobody").ask("GET", "/v1/status").status == 401);
  CHECK(Desk().as("guesser").ask("GET", "/v1/status").status == 429);
  CHECK(Desk().as("away").ask("GET", "/v1/status").status == 503);
  CHECK(Desk().as("ann").ask("GET", "/v1/status").status == 200);
}

TEST_CASE("probes answer who is near and nobody else") {
  for (const char* path : {"/metrics", "/healthz", "/readyz"}) {
    CAPTURE(path);
    CHECK(Desk().from("127.0.0.1").ask("GET", path).status == 200);
    CHECK(Desk().from("192.0.2.7").ask("HEAD", path).status == 200);
    CHECK(Desk().ask("GET", path).status == 403);
    CHECK(Desk().from("127.0.0.1").ask("PUT", path).status == 405);
    CHECK(Desk(Api::Trust::control).ask("GET", path).status == 200);
  }
}

TEST_CASE("readiness is 503 with the reason while new mail cannot be taken") {
  Desk desk;
  desk.from("127.0.0.1").server.trouble_ = "the queue is full";
  const auto answer = desk.ask("GET", "/readyz");
  CHECK(answer.status == 503);
  CHECK(parse_json(answer.body).at("detail") == "the queue is full");
}

TEST_CASE("status says null for what Redis does not tell") {
  Desk desk;
  CHECK(desk.as("ann").json("GET", "/v1/status").at("queue").at("held") == 2);
  desk.server.trouble_ = "away";
  const Json status = desk.json("GET", "/v1/status");
  CHECK(status.at("queue").is_null());
  CHECK(status.at("redis").at("memory").is_null());
  CHECK(status.at("redis").at("up") == false);
  CHECK(status.at("ready") == false);
}

TEST_CASE("an operator reloads, an account does not") {
  Desk desk;
  CHECK(desk.as("ann").ask("POST", "/v1/reload").status == 403);
  CHECK(desk.server.reloads == 0);
  CHECK(desk.as("root").ask("POST", "/v1/reload").status == 200);
  CHECK(desk.server.reloads == 1);
}

TEST_CASE("an action tells what was done, what is being tried and what is missing") {
  Desk desk(Api::Trust::control);
  desk.queue.rows[id(known_id)].id = id(known_id);
  desk.queue.rows[id(other_id)].id = id(other_id);
  desk.queue.active = {id(other_id)};
  const Json answer =
      desk.json("POST", "/v1/queue/retry", Json{{"ids", {known_id, other_id, "nonsense"}}}.dump());
  CHECK(answer == Json{{"done", 1}, {"pending", 1}, {"missing", {"nonsense"}}});
  CHECK(desk.queue.forgotten == 1);
  CHECK(desk.queue.woken == 1);
  CHECK(desk.json("POST", "/v1/queue/hold", R"({"all":true})").at("done") == 1);
  CHECK(desk.queue.applied.back().first == queue::Action::hold);
  CHECK(desk.queue.forgotten == 1);
}

TEST_CASE("an action that is not understood touches nothing") {
  Desk desk(Api::Trust::control);
  desk.queue.rows[id(known_id)].id = id(known_id);
  for (const char* body :
       {"", "{}", "[]", R"({"all":false})", R"({"al":true})", R"({"filter":{"sender":""}})",
        R"({"filter":{"sendr":"x@y.example"}})"}) {
    CAPTURE(body);
    CHECK(desk.ask("POST", "/v1/queue/remove", body).status == 400);
  }
  CHECK(desk.queue.applied.empty());
}

TEST_CASE("a message that has left the queue is 404 that says where its story is") {
  Desk desk(Api::Trust::control);
  auto& row = desk.queue.rows[id(known_id)];
  row.id = id(known_id);
  CHECK(desk.ask("GET", "/v1/queue/" + known_id).status == 200);
  CHECK(desk.ask("GET", "/v1/queue/" + known_id + "/raw").content_type == "message/rfc822");
  row.completed = queue::WallTime{};
  for (const char* end : {"", "/raw"}) {
    const auto answer = desk.ask("GET", "/v1/queue/" + known_id + end);
    CHECK(answer.status == 404);
    CHECK(answer.body.contains("has left the queue"));
  }
  const auto unknown = desk.ask("GET", "/v1/queue/" + other_id);
  CHECK(unknown.status == 404);
  CHECK(unknown.body.contains("no such message"));
}

TEST_CASE("an account sees the timelines of its own messages, an operator all") {
  Desk desk;
  auto& timeline = desk.queue.timelines[id(known_id)];
  timeline.id = id(known_id);
  timeline.account = "somebody";
  timeline.message_id = "<a@b.example>";
  CHECK(desk.as("ann").ask("GET", "/v1/messages/" + known_id).status == 404);
  CHECK(desk.as("root").ask("GET", "/v1/messages/" + known_id).status == 200);
  desk.about("message_id", "<a@b.example>");
  CHECK(desk.as("ann").json("GET", "/v1/messages").empty());
  CHECK(desk.queue.sought.account == "ann");
  CHECK(desk.as("root").json("GET", "/v1/messages").size() == 1);
  CHECK(desk.queue.sought.account.empty());
  CHECK(desk.queue.sought_limit == 100);
  timeline.account = "ann";
  CHECK(desk.as("ann").ask("GET", "/v1/messages/" + known_id).status == 200);
}

TEST_CASE("a search without what it looks for, or with a limit out of bounds, is 400") {
  CHECK(Desk().as("ann").ask("GET", "/v1/messages").status == 400);
  CHECK(Desk().as("ann").about("address", "nonsense").ask("GET", "/v1/messages").status == 400);
  for (const char* limit : {"0", "10001", "x", ""}) {
    CAPTURE(limit);
    Desk desk;
    desk.as("ann").about("address", "a@b.example").about("limit", limit);
    CHECK(desk.ask("GET", "/v1/messages").status == 400);
  }
}

TEST_CASE("a message in JSON is handed to the intake by its account, and its id comes back") {
  Desk desk;
  desk.as("ann").with("content-type", "application/json");
  const auto answer = desk.ask("POST", "/v1/messages",
                               R"({"from":"ann@office.example","to":"x@b.example","text":"hi"})");
  CHECK(answer.status == 202);
  CHECK(parse_json(answer.body).at("id") == queue::text(queue::QueueId{1}));
  REQUIRE(desk.intake.taken.size() == 1);
  CHECK(desk.intake.taken.front().origin.account->id == "ann");
  CHECK(desk.intake.taken.front().origin.protocol == "HTTP");
  CHECK_FALSE(desk.intake.taken.front().origin.is_local);
}

TEST_CASE("a refusal of SMTP is 422 with its enhanced status, one that may pass 503") {
  for (const auto& [to, status, enhanced] : std::vector<std::tuple<const char*, int, const char*>>{
           {"x@elsewhere.example", 422, "5.7.1"}, {"later@b.example", 503, "4.3.0"}}) {
    CAPTURE(to);
    Desk desk;
    desk.as("ann").with("content-type", "message/rfc822");
    desk.about("from", "ann@office.example").about("to", to);
    const auto answer = desk.ask("POST", "/v1/messages", "Subject: x\n\nx\n");
    CHECK(answer.status == status);
    CHECK(answer.content_type == "application/problem+json");
    CHECK(parse_json(answer.body).at("enhanced_status") == enhanced);
    CHECK(desk.intake.taken.empty());
  }
}

TEST_CASE("a message of another type, over the bounds or with a long key is refused") {
  const std::string small = "Subject: x\n\nx\n";
  const auto status = [](Desk& desk, const std::string& body) {
    desk.as("ann").about("from", "ann@office.example").about("to", "x@b.example");
    return desk.ask("POST", "/v1/messages", body).status;
  };
  Desk untyped, large, keyed, many;
  CHECK(status(untyped, small) == 415);
  CHECK(status(large.with("content-type", "message/rfc822"), std::string(2000, 'x')) == 422);
  keyed.with("content-type", "message/rfc822").with("idempotency-key", std::string(256, 'k'));
  CHECK(status(keyed, small) == 400);
  many.with("content-type", "message/rfc822");
  many.about("to", "y@b.example").about("to", "z@b.example");
  CHECK(status(many, small) == 422);
  for (const Desk* desk : {&untyped, &large, &keyed, &many}) CHECK(desk->intake.taken.empty());
}

TEST_CASE(
    "on the control socket anybody may be the sender, and a message without one is completed") {
  Desk desk(Api::Trust::control);
  desk.about("from", "anybody@elsewhere.example").about("to", "x@b.example");
  CHECK(desk.ask("POST", "/v1/messages", "Subject: x\n\nx\n").status == 202);
  REQUIRE(desk.intake.taken.size() == 1);
  const auto& taken = desk.intake.taken.front();
  CHECK(taken.envelope.sender->text() == "anybody@elsewhere.example");
  CHECK(taken.origin.is_local);
  CHECK(taken.content.starts_with("From: anybody@elsewhere.example\r\n"));
}

TEST_CASE("a program of this host is its user, whatever sender it names") {
  Desk desk(Api::Trust::submit);
  desk.peer_user = 1;  // not root, and not who runs the test
  desk.about("from", "ceo@office.example").about("to", "x@b.example");
  const auto answer = desk.ask("POST", "/v1/messages", "Subject: x\n\nx\n");
  REQUIRE(answer.status == 202);
  const auto& taken = desk.intake.taken.front();
  CHECK(taken.envelope.sender->domain().text() == "mail.office.example");
  CHECK(taken.envelope.sender->local_part() != "ceo");
  CHECK(taken.origin.own_addresses.contains(taken.envelope.sender->folded()));
}

TEST_CASE("accounts are answered by the same rows as without a server") {
  Desk desk;
  CHECK(desk.as("ann").ask("GET", "/v1/accounts").status == 403);
  desk.as("root");
  CHECK(desk.ask("POST", "/v1/accounts", R"({"address":"bob@office.example"})").status == 201);
  CHECK(desk.ask("POST", "/v1/accounts", R"({"address":"bob@office.example"})").status == 409);
  CHECK(desk.ask("POST", "/v1/accounts", R"({"address":"bob@else.example"})").status == 422);
  CHECK(desk.json("GET", "/v1/accounts/bob%40office.example").at("enabled") == true);
  const auto refused = desk.ask("PATCH", "/v1/accounts/bob%40office.example");
  CHECK(refused.status == 405);
  CHECK(refused.fields == http::Fields{{"Allow", "GET, HEAD, DELETE, OPTIONS"}});
}
