// tests/unit/relay/api/message_request_test.cc: messages as they are handed in over HTTP.
#include "relay/api/message_request.h"

#include <catch2/catch.hpp>

using namespace postern;

namespace {

std::expected<http::Submission, http::Response> from_json(std::string body) {
  http::Request request;
  request.body = std::move(body);
  return http::read_json_message(request);
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
