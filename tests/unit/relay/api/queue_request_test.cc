// tests/unit/relay/api/queue_request_test.cc: which messages a request means; never more than it
// says.
#include "relay/api/queue_request.h"

#include <catch2/catch.hpp>

using namespace postern;

namespace {

/// What is wrong with the body of an action, as the router and then the handler see it; empty:
/// nothing.
std::string mistake(std::string_view text) {
  const Json body = parse_json(text);
  if (const auto found = http::mistake_in(body, http::target_fields)) return *found;
  const auto targets = http::read_targets(body);
  return targets ? "" : targets.error();
}

}  // namespace

TEST_CASE("an action names its messages in one of three ways") {
  CHECK(http::read_targets(parse_json(R"({"ids":["a","b"]})"))->ids ==
        std::vector<std::string>{"a", "b"});
  CHECK(http::read_targets(parse_json(R"({"all":true})"))->selection.has_value());
  const auto held = http::read_targets(parse_json(R"({"filter":{"state":"held","limit":3}})"));
  CHECK(held->selection->filter.state == queue::State::held);
  CHECK(held->selection->limit == 3);
  for (const char* none :
       {"{}", R"({"filter":{}})", R"({"all":false})", R"({"ids":["a"],"all":true})",
        R"({"ids":["a"],"filter":{"limit":1}})"}) {
    CAPTURE(none);
    CHECK(mistake(none) == "one of ids, filter, all is due");
  }
}

TEST_CASE("an action of another shape is refused with the key and what it may hold") {
  CHECK(mistake("no JSON") == "a JSON object is due");
  CHECK(mistake("[]") == "a JSON object is due");
  for (const char* value : {"\"yes\"", "1", "null", "{}"}) {
    CAPTURE(value);
    CHECK(mistake(R"({"all":)" + std::string(value) + "}") == "\"all\" is true or false");
  }
  CHECK(mistake(R"({"ids":"a"})") == "\"ids\" is an array of texts");
  CHECK(mistake(R"({"ids":[1]})") == "\"ids\" is an array of texts");
  CHECK(mistake(R"({"filter":["x"]})") == "\"filter\" is an object");
  CHECK(mistake(R"({"filter":{"sender":null,"state":"held"}})") == "filter: \"sender\" is a text");
  CHECK(mistake(R"({"filter":{"limit":"5"}})") == "filter: \"limit\" is a whole number");
  CHECK(mistake(R"({"filter":{"limit":-1}})") == "limit is a number, 1 or more");
  CHECK(mistake(R"({"al":true})") == R"("al" is not known; known: "ids", "filter", "all")");
  CHECK(mistake(R"({"filter":{"sendr":"a@b.example"}})")
            .starts_with("filter: \"sendr\" is not known"));
}

TEST_CASE("an empty value of a filter does not mean any") {
  const std::string null_sender = "sender: empty; leave it out, or <> for the null sender";
  CHECK(mistake(R"({"filter":{"sender":"","state":"held"}})") == null_sender);
  for (const std::string key : {"state", "recipient", "domain"}) {
    CHECK(mistake(R"({"filter":{")" + key + R"(":"","limit":5}})") ==
          key + ": empty; leave it out");
  }
  for (const std::string key : {"state", "sender", "recipient", "domain", "limit"}) {
    http::Request request;
    request.query.emplace_back(key, "");
    const auto selection = http::read_selection(request);
    REQUIRE(!selection);
    CHECK(selection.error().starts_with(key + ": empty; leave it out"));
  }
  CHECK(mistake(R"({"filter":{"limit":0}})") == "limit is a number, 1 or more");
}

TEST_CASE("a filter by <> finds what has the null reverse-path, and nothing else") {
  const auto targets = http::read_targets(parse_json(R"({"filter":{"sender":"<>"}})"));
  queue::MessageRow row;
  CHECK(targets->selection->filter.matches(row));
  row.sender = *mail::EmailAddress::parse("ann@a.example");
  CHECK_FALSE(targets->selection->filter.matches(row));
}

TEST_CASE("a filter finds an international domain however it is written") {
  queue::MessageRow row;
  row.sender = *mail::EmailAddress::parse("ann@xn--bcher-kva.example");
  row.deliveries.emplace_back().recipients.push_back(
      {*mail::EmailAddress::parse("x@xn--bcher-kva.example"), {}, {}});
  for (const auto& [key, value] : {std::pair("domain", "bücher.example"),
                                   {"domain", "BÜCHER.example"},
                                   {"domain", "xn--bcher-kva.example"},
                                   {"recipient", "x@bücher.example"},
                                   {"recipient", "X@Bücher.Example"},
                                   {"sender", "ann@bücher.example"}}) {
    CAPTURE(key, value);
    http::Request request;
    request.query.emplace_back(key, value);
    CHECK(http::read_selection(request)->filter.matches(row));
  }
}

TEST_CASE("a filter that is no address or domain is refused with its key") {
  CHECK(mistake(R"({"filter":{"sender":"ann"}})").starts_with("sender: "));
  CHECK(mistake(R"({"filter":{"recipient":"@b.example"}})").starts_with("recipient: "));
  CHECK(mistake(R"({"filter":{"domain":"a b"}})").starts_with("domain: "));
  CHECK(mistake(R"({"filter":{"state":"gone"}})") == "state is ready, active, deferred or held");
}
