// relay/api/submission.cc: a message over HTTP passes the same checks as one over SMTP.
#include "relay/api/submission.h"

#include <algorithm>

#include "core/async/offload.h"
#include "core/async/timer.h"
#include "core/mail/encodings.h"
#include "relay/api/refusal.h"
#include "relay/config/config.h"

namespace postern::http {
namespace {

constexpr std::size_t longest_key = 255;  // octets
/// A body with all that is made of it on the way: JSON decoded, encoded anew, with its line ends.
constexpr std::uint64_t growth = 4;
constexpr std::chrono::seconds patience{15};  // for room to work on a large body
constexpr std::size_t slice = 128 << 10;      // octets, of which a hash takes a millisecond

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
    admitted.push_back(relay::Admitted::itself(recipient));
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
  envelope.options.eight_bit = message.is_eight_bit;
  envelope.options.smtputf8 =
      std::ranges::any_of(message.recipients, &mail::EmailAddress::needs_smtputf8);
  return envelope;
}

/// In slices, between which the loop serves others.
Task<> hand_over(std::string_view content, relay::Reception& reception) {
  for (std::string_view rest = content; !rest.empty();) {
    co_await reception.write(rest.substr(0, slice));
    rest.remove_prefix(std::min(slice, rest.size()));
    if (!rest.empty()) co_await sleep_for(std::chrono::milliseconds(0));
  }
}

}  // namespace

Task<std::expected<Submission, Problem>> made_of(
    const Services& services, const Request& request,
    std::function<std::expected<Submission, Problem>()> make) {
  const auto made = [&] {
    auto message = make();
    if (message) message->is_eight_bit = !mail::is_ascii(message->content);
    return message;
  };
  if (request.body.size() <= longest_quick_body) co_return made();
  auto room =
      co_await services.bodies.room_for_work(request.who(), growth * request.body.size(), patience);
  if (!room) co_return std::unexpected(no_room());
  auto message = co_await offload(services.bodies.pool(), made);
  if (!message) co_return message;
  room->shrink_to(message->content.size());
  message->memory = *std::move(room);
  co_return message;
}

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
  co_await hand_over(message.content, *reception);
  const auto outcome = (co_await reception->finish()).front();
  if (!outcome) co_return std::unexpected(as_problem(outcome.error()));
  co_return json_response({{"id", queue::text(outcome->id)}}, 202);
}

}  // namespace postern::http
