// relay/api/messages.cc: messages handed in over HTTP, and what became of them.
#include <set>

#include "core/mail/encodings.h"
#include "core/number.h"
#include "relay/api/api.h"
#include "relay/api/json_views.h"
#include "relay/api/message_request.h"
#include "relay/api/refusal.h"
#include "relay/config/config.h"

namespace postern::http {
namespace {

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

}  // namespace

Task<Response> Api::take_message(const Request& request) {
  const std::string type = media_type(request);
  if (type != "message/rfc822" && type != "application/json") {
    co_return problem(415, "Unsupported Media Type", "application/json or message/rfc822");
  }
  auto message = type == "message/rfc822" ? read_rfc822(request)
                                          : read_json_message(request, Loop::current().wall_now());
  if (!message) co_return message.error();
  co_return co_await submit(request, std::move(*message));
}

/// A key counts for its account; on the control socket for all operators, on the other one for each
/// user of this host (no key that is given holds a NUL).
std::string Api::idempotency_key(const Request& request) const {
  const std::string_view key = request.field("idempotency-key");
  if (key.empty() || trust_ != Trust::submit) return std::string(key);
  return std::to_string(request.user.value_or(0)) + '\0' + std::string(key);
}

Task<Response> Api::submit(const Request& request, Submission message,
                           std::set<std::string> own_addresses) {
  const auto& limits = snapshot_->config->limits;
  if (message.content.size() > limits.message_size) {
    co_return refuse(422, "the message is too large");
  }
  if (message.recipients.size() > limits.recipients) co_return refuse(422, "too many recipients");
  if (request.field("idempotency-key").size() > 255) {
    co_return refuse(400, "Idempotency-Key is longer than 255 octets");
  }
  relay::Origin origin;
  origin.door = relay::Door::submission;
  origin.peer = request.peer;
  origin.protocol = "HTTP";
  origin.account = request.account;
  origin.is_local = trust_ != Trust::by_password;
  origin.own_addresses = std::move(own_addresses);
  auto& intake = worker_.intake();
  const auto allowed = co_await intake.check_sender(origin, message.sender);
  if (!allowed) co_return response_to(allowed.error());
  auto admitted = co_await admit_all(intake, origin, message.sender, message.recipients);
  if (!admitted) co_return response_to(admitted.error());
  mail::Envelope envelope;
  envelope.sender = message.sender;
  envelope.options.eight_bit = !mail::is_ascii(message.content);
  envelope.options.smtputf8 =
      std::ranges::any_of(message.recipients, &mail::EmailAddress::needs_smtputf8);
  auto reception = intake.begin_once(std::move(origin), std::move(envelope), std::move(*admitted),
                                     {idempotency_key(request), std::move(message.digest)});
  co_await reception->write(message.content);
  const auto outcome = (co_await reception->finish()).front();
  if (!outcome) co_return response_to(outcome.error());
  co_return json_response({{"id", queue::text(outcome->id)}}, 202);
}

Task<Response> Api::timeline(const Request& request, std::string_view text) {
  const auto id = queue::parse_queue_id(text);
  const auto found = id ? co_await worker_.queue().history(*id) : std::nullopt;
  const bool is_theirs =
      found && (is_operator(request) || (request.account && found->account == request.account->id));
  if (!is_theirs) co_return problem(404, "Not Found", "no such message");
  co_return json_response(view(*found));
}

/// By message-id or address. An account finds its own.
Task<Response> Api::find_messages(const Request& request) {
  constexpr std::size_t largest_limit = 10'000;
  queue::Sought sought;
  sought.message_id = request.parameter("message_id").value_or("");
  if (const auto address = request.parameter("address")) {
    const auto parsed = mail::EmailAddress::parse(*address);
    if (!parsed) co_return refuse(400, "address: " + parsed.error().text);
    sought.address = parsed->text();
  }
  if (sought.message_id.empty() && sought.address.empty()) {
    co_return refuse(400, "message_id or address is due");
  }
  if (!is_operator(request)) {
    if (!request.account) co_return problem(403, "Forbidden", "only for accounts");
    sought.account = request.account->id;
  }
  const auto limit = parse_number<std::size_t>(request.parameter("limit").value_or("100"));
  if (!limit || *limit == 0 || *limit > largest_limit) {
    co_return refuse(400, "limit is a number from 1 to 10000");
  }
  Json all = Json::array();
  for (const auto& timeline : co_await worker_.queue().search(std::move(sought), *limit)) {
    all.push_back(view(timeline));
  }
  co_return json_response(all);
}

}  // namespace postern::http
