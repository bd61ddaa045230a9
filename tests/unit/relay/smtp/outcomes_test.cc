// tests/unit/relay/smtp/outcomes_test.cc: what SMTP says of each reason that intake has.
#include "relay/smtp/outcomes.h"

#include <catch2/catch.hpp>

using namespace postern;
using namespace postern::smtp;
using relay::Reason;

namespace {

const mail::EmailAddress ann = *mail::EmailAddress::parse("ann@b.example");

std::string wire(const relay::Refused& refused) { return answer_to(refused).wire(); }

}  // namespace

TEST_CASE("every reason for a refusal has a reply whose class is the reason's") {
  for (const Reason why : relay::all_reasons) {
    const relay::Refused refused = relay::refused(why, ann);
    const Answer answer = answer_to(refused);
    CAPTURE(answer.wire());
    CHECK(answer.code / 100 == (refused.is_permanent() ? 5 : 4));
    CHECK(answer.status == refused.status.text());
    CHECK(refused.status.klass == answer.code / 100);
    CHECK(answer.lines.front().find('{') == std::string::npos);
  }
}

TEST_CASE("a refusal's reply names the address or says the policy's words") {
  CHECK(wire(relay::refused(Reason::no_relay, ann)) ==
        "550 5.7.1 Relaying to ann@b.example is not permitted\r\n");
  CHECK(wire(relay::refused(Reason::not_local, ann)) ==
        "550 5.1.2 ann@b.example is not delivered here\r\n");
  CHECK(wire(relay::refused(Reason::no_mailbox, ann)) ==
        "550 5.1.1 No mailbox ann@b.example here\r\n");
  CHECK(wire(relay::refused(Reason::mailbox_full, ann)) ==
        "452 4.2.2 The mailbox of ann@b.example is full\r\n");
  CHECK(wire(relay::refused(Reason::accounts_away)) ==
        "451 4.3.0 The accounts are not available, try again later\r\n");
  CHECK(wire(relay::refused_because(Reason::bad_message, "its header is too long")) ==
        "550 5.6.0 Cannot accept the message: its header is too long\r\n");
  CHECK(wire(relay::refused_because(Reason::identity, "Not\r\nyours")) ==
        "550 5.7.1 Not??yours\r\n");
}

TEST_CASE("a route's refusal is permanent, with the status and the words that the operator chose") {
  relay::Refused refused = relay::refused_because(Reason::by_rule, "Moved away");
  refused.status = {5, 1, 6};
  CHECK(wire(refused) == "550 5.1.6 Moved away\r\n");
  refused.status = {4, 1, 6};
  CHECK(refused.is_permanent());
  CHECK(wire(refused) == "550 4.1.6 Moved away\r\n");
}

TEST_CASE("what is taken is queued under its id, or by LMTP delivered to its recipient") {
  const relay::Acceptance queued = relay::Accepted{queue::QueueId{1}};
  CHECK(answer_to(queued).wire() == "250 2.0.0 Queued as 0000000000001\r\n");
  const relay::Acceptance delivered = relay::Accepted{queue::QueueId{1}, ann};
  CHECK(answer_to(delivered).wire() == "250 2.0.0 Delivered to ann@b.example\r\n");
  const relay::Acceptance full = std::unexpected(relay::refused(Reason::queue_full));
  CHECK(answer_to(full).wire() == "452 4.3.1 The queue is full, try again later\r\n");
}
