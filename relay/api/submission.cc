// relay/api/submission.cc: a message over HTTP passes the same checks as one over SMTP.
#include "relay/api/submission.h"

#include <algorithm>

#include "core/mail/encodings.h"
#include "relay/api/refusal.h"
#include "relay/config/config.h"

namespace postern::http {
namespace {

constexpr std::size_t longest_key = 255;  // octets

/// All, or the refusal. A program of this host reads no answer for each recipient: while one of
/// them is taken, those that are not are bounced.
Task<std::expected<std::vector<relay::Admitted>, relay::Refused>> admit_all(
    relay::Intake& intake, const relay::Origin& origin, const mail::ReversePath& sender,
    const std::vector<mail::EmailAddress>& recipients) {
  std::vector<relay::Admitted> admitted;
  std::vector<relay::Refused> refusals;
  for (const mail::EmailAddress& address : recipients) {
    const mail::Recipient recipient{address, {}, {}};
    auto one = co_await intake.admit(origin, sender, recipient);
    if (one) {
      admitted.push_back(std::move(*one));
      continue;
    }
    refusals.push_back(std::move(one.error()));
    if (!origin.is_local || !refusals.back().is_permanent())
      co_return std::unexpected(refusals.back());
    admitted.push_back({recipient, {recipient}});
  }
  if (refusals.size() == admitted.size()) co_return std::unexpected(refusals.front());
  co_return admitted;
}

/// A key counts for its account; on the control socket for all operators, on the other one for each
/// user of this host (no key that is given holds a NUL).
std::string idempotency_key(const Call& call) {
  const std::string_view key = call.request.field("idempotency-key");
  if (key.empty() || call.caller != Caller::submit) return std::string(key);
  return std::to_string(call.request.user.value_or(0)) + '\0' + std::string(key);
}

std::optional<Problem> out_of_bounds(const Call& call, const Submission& message) {
  const auto& limits = call.config->limits;
  if (message.content.size() > limits.message_size) {
    return unprocessable("the message is too large").error();
  }
  if (message.recipients.size() > limits.recipients) {
    return unprocessable("too many recipients").error();
  }
  if (call.request.field("idempotency-key").size() > longest_key) {
    return bad_request("Idempotency-Key is longer than 255 octets").error();
  }
  return {};
}

relay::Origin origin_of(const Call& call, std::set<std::string> own_addresses) {
  relay::Origin origin;
  origin.door = relay::Door::submission;
  origin.peer = call.request.peer;
  origin.protocol = "HTTP";
  origin.account = call.request.account;
  origin.is_local = call.caller == Caller::control || call.caller == Caller::submit;
  origin.own_addresses = std::move(own_addresses);
  return origin;
}

mail::Envelope envelope_of(const Submission& message) {
  mail::Envelope envelope;
  envelope.sender = message.sender;
  envelope.options.eight_bit = !mail::is_ascii(message.content);
  envelope.options.smtputf8 =
      std::ranges::any_of(message.recipients, &mail::EmailAddress::needs_smtputf8);
  return envelope;
}

}  // namespace

Task<Answer> submit(const Services& services, const Call& call, Submission message,
                    std::set<std::string> own_addresses) {
  if (const auto problem = out_of_bounds(call, message)) co_return std::unexpected(*problem);
  relay::Intake& intake = services.intake;
  relay::Origin origin = origin_of(call, std::move(own_addresses));
  const auto allowed = co_await intake.check_sender(origin, message.sender);
  if (!allowed) co_return std::unexpected(as_problem(allowed.error()));
  auto admitted = co_await admit_all(intake, origin, message.sender, message.recipients);
  if (!admitted) co_return std::unexpected(as_problem(admitted.error()));
  auto reception = intake.begin_once(std::move(origin), envelope_of(message), std::move(*admitted),
                                     {idempotency_key(call), std::move(message.digest)});
  co_await reception->write(message.content);
  const auto outcome = (co_await reception->finish()).front();
  if (!outcome) co_return std::unexpected(as_problem(outcome.error()));
  co_return json_response({{"id", queue::text(outcome->id)}}, 202);
}

}  // namespace postern::http
