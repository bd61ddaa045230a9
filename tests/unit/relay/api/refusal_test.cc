// tests/unit/relay/api/refusal_test.cc: what HTTP says of each reason that intake has.
#include "relay/api/refusal.h"

#include <catch2/catch.hpp>

#include "core/json.h"
#include "relay/smtp/outcomes.h"

using namespace postern;
using namespace postern::http;

TEST_CASE("every reason for a refusal is a problem document that says what SMTP would") {
  for (const relay::Reason why : relay::all_reasons) {
    const relay::Refused refused = relay::refused(why, *mail::EmailAddress::parse("ann@b.example"));
    const Response response = to_response(as_problem(refused));
    CAPTURE(response.body);
    const Json problem = parse_json(response.body);
    CHECK(response.content_type == "application/problem+json");
    CHECK(response.status == (refused.is_permanent() ? 422 : 503));
    CHECK(problem.at("status") == response.status);
    CHECK(problem.at("title") == (refused.is_permanent() ? "Message refused" : "Try again later"));
    CHECK(problem.at("detail") == smtp::answer_to(refused).text());
    CHECK(problem.at("enhanced_status") == refused.status.text());
  }
}

TEST_CASE("a refusal over HTTP reads as the SMTP reply does, on one line") {
  const relay::Refused refused =
      relay::refused(relay::Reason::no_mailbox, *mail::EmailAddress::parse("x@b.example"));
  CHECK(parse_json(to_response(as_problem(refused)).body).at("detail") ==
        "550 5.1.1 No mailbox x@b.example here");
}
