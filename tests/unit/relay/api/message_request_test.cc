// tests/unit/relay/api/message_request_test.cc: messages as they are handed in over HTTP.
#include "relay/api/message_request.h"

#include <catch2/catch.hpp>

#include "core/json.h"

using namespace postern;

namespace {

std::expected<http::Submission, http::Problem> from_json(std::string body) {
  http::Request request;
  request.body = std::move(body);
  return http::read_json_message(request, std::chrono::sys_days(std::chrono::January / 31 / 2026));
}

http::Request raw(std::string from, std::vector<std::string> to, std::string body) {
  http::Request request;
  request.query.emplace_back("from", std::move(from));
  for (std::string& one : to) request.query.emplace_back("to", std::move(one));
  request.body = std::move(body);
  return request;
}

std::string digest(const http::Request& request) { return http::read_rfc822(request)->digest; }
std::string digest(std::string json) { return from_json(std::move(json))->digest; }

}  // namespace

TEST_CASE("requests that say the same have the same digest, whatever the layout of their JSON") {
  const auto first = digest(R"({"from":"ann@a.example","to":["bob@b.example"],"text":"hi"})");
  CHECK(first.size() == 64);
  CHECK(first == digest(R"({ "text" : "hi", "to": ["bob@b.example"], "from": "ann@a.example" })"));
  CHECK(digest(raw("ann@a.example", {"bob@b.example"}, "x")) ==
        digest(raw("ann@A.example", {"bob@b.example"}, "x")));
}

TEST_CASE("another text, sender or recipient makes another digest") {
  const auto first = digest(R"({"from":"ann@a.example","to":["bob@b.example"],"text":"hi"})");
  CHECK(first != digest(R"({"from":"ann@a.example","to":["bob@b.example"],"text":"ho"})"));
  CHECK(first != digest(R"({"from":"ann@a.example","cc":["bob@b.example"],"text":"hi"})"));
  const auto message = digest(raw("ann@a.example", {"bob@b.example"}, "x"));
  CHECK(message != digest(raw("ann@a.example", {"bob@b.example"}, "y")));
  CHECK(message != digest(raw("<>", {"bob@b.example"}, "x")));
  CHECK(message != digest(raw("ann@a.example", {"bob@b.example", "bob@b.example"}, "x")));
}

TEST_CASE("JSON that is not understood is refused with the field and what it may hold") {
  const auto mistake = [](const std::string& field) {
    const auto refused =
        from_json(R"({"from":"ann@a.example","to":["bob@b.example"],)" + field + "}");
    REQUIRE(!refused);
    CHECK(refused.error().status == 400);
    return refused.error().detail;
  };
  CHECK(mistake(R"("subject":5)") == "\"subject\" is a text");
  CHECK(mistake(R"("text":5)") == "\"text\" is a text");
  CHECK(mistake(R"("html":{})") == "\"html\" is a text");
  CHECK(mistake(R"("cc":[5])") == "\"cc\" is a text or an array of texts");
  CHECK(mistake(R"("headers":["x"])") == "\"headers\" is an object");
  CHECK(mistake(R"("headers":{"X-A":5})") == "headers: a value is a text");
  CHECK(mistake(R"("attachments":{})") == "\"attachments\" is an array");
  CHECK(mistake(R"("attachments":["x"])") == "attachments[0]: a JSON object is due");
  CHECK(mistake(R"("attachments":[{"content":"eA=="},{"content":5}])") ==
        "attachments[1]: \"content\" is a text");
  CHECK(mistake(R"("attachments":[{"filename":"x"}])") ==
        "attachments[0]: \"content\" is missing: base64");
  CHECK(
      mistake(R"("sbject":"x")") ==
      R"("sbject" is not known; known: "from", "to", "cc", "bcc", "reply_to", "subject", "text", )"
      R"("html", "headers", "attachments")");
  CHECK(from_json("{").error().status == 400);
  CHECK(from_json("[]").error().status == 400);
}

TEST_CASE("JSON in which a null stands for what was left out is taken") {
  CHECK(from_json(R"({"from":"ann@a.example","to":"bob@b.example","html":null,"text":"x",
                          "attachments":[{"content":"eA==","name":null}]})"));
}

TEST_CASE("JSON that is nested a million deep is refused like any other of the wrong type") {
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  for (const std::string& body :
       {deep, R"({"subject":)" + deep + "}", R"({"headers":{"X":)" + deep + "}}",
        R"({"attachments":[)" + deep + "]}", R"({"attachments":[{"name":)" + deep + "}]}"}) {
    const auto refused = from_json(body);
    REQUIRE(!refused);
    CHECK(refused.error().status == 400);
  }
}
