// relay/intake/outcome.cc: the status code (RFC 3463) of each reason for a refusal.
#include "relay/intake/outcome.h"

namespace postern::relay {
namespace {

constexpr mail::StatusCode status_of(Reason why) {
  switch (why) {
    case Reason::queue_away:
    case Reason::store_away:
    case Reason::accounts_away:
      return {4, 3, 0};
    case Reason::queue_full:
      return {4, 3, 1};
    case Reason::mailbox_full:
      return {4, 2, 2};
    case Reason::no_relay:
    case Reason::by_rule:
    case Reason::identity:
      return {5, 7, 1};
    case Reason::not_local:
      return {5, 1, 2};
    case Reason::no_mailbox:
      return {5, 1, 1};
    case Reason::bad_message:
      return {5, 6, 0};
    case Reason::loop_detected:
      return {5, 4, 6};
    case Reason::key_reused:
      return {5, 5, 4};
  }
  return {4, 3, 0};
}

}  // namespace

Refused refused(Reason why) { return {why, status_of(why), {}, {}}; }

Refused refused(Reason why, const mail::EmailAddress& about) {
  return {why, status_of(why), about.text(), {}};
}

Refused refused_because(Reason why, std::string words) {
  return {why, status_of(why), {}, std::move(words)};
}

}  // namespace postern::relay
