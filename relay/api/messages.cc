// relay/api/messages.cc: messages handed in over HTTP, and what became of them.
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <set>

#include "core/mail/encodings.h"
#include "core/number.h"
#include "relay/api/api.h"
#include "relay/api/json_views.h"
#include "relay/api/message_request.h"
#include "relay/config/config.h"

namespace postern::http {
namespace {

Response refuse(int status, std::string_view why) {
  return problem(status, status == 400 ? "Bad Request" : "Unprocessable Content", why);
}

/// An SMTP answer as HTTP says it.
Response as_response(const smtp::Answer& answer) {
  const int status = answer.code >= 500 ? 422 : 503;
  return problem(status, status == 422 ? "Message refused" : "Try again later", answer.text());
}

std::string media_type(const Request& request) {
  const std::string_view type = request.field("content-type");
  return mail::lower_case(type.substr(0, type.find_first_of("; ")));
}

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::optional<mail::EmailAddress> address_of_user(unsigned user, const std::string& host) {
  std::array<char, 4096> room{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(user, &entry, room.data(), room.size(), &found) != 0 || found == nullptr)
    return {};
  auto address = mail::EmailAddress::parse(std::string(found->pw_name) + "@" + host);
  if (!address) return {};
  return std::move(*address);
}

}  // namespace

Task<Response> Api::take_message(const Request& request) {
  const std::string type = media_type(request);
  if (type != "message/rfc822" && type != "application/json") {
    co_return problem(415, "Unsupported Media Type", "application/json or message/rfc822");
  }
  auto message = type == "message/rfc822" ? read_rfc822(request) : read_json_message(request);
  if (!message) co_return message.error();
  co_return co_await submit(request, std::move(*message));
}

/// Programs on this host. Who may open the control socket, root and our own user name any sender;
/// others are themselves.
Task<Response> Api::take_from_socket(const Request& request) {
  // A client that names no type, or a wrong one, still says by its query what it sends.
  const bool is_json =
      media_type(request) == "application/json" && !request.parameter("from").has_value();
  auto message = is_json ? read_json_message(request) : read_rfc822(request);
  if (!message) co_return message.error();
  std::set<std::string> own;
  const bool names_anyone = trust_ == Trust::control || request.user == 0U ||
                            request.user == static_cast<unsigned>(::geteuid());
  if (!names_anyone) {
    const auto self =
        request.user ? address_of_user(*request.user, snapshot_->config->hostname) : std::nullopt;
    if (!self) co_return problem(403, "Forbidden", "who are you?");
    own = {self->folded()};
    if (const auto other = address_of_user(*request.user, host_name())) own.insert(other->folded());
    if (message->sender) message->sender = *self;
  }
  co_return co_await submit(request, std::move(*message), std::move(own));
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
  if (const auto refusal = co_await intake.check_sender(origin, message.sender)) {
    co_return as_response(*refusal);
  }
  std::vector<relay::Admitted> admitted;
  mail::Envelope envelope;
  envelope.sender = message.sender;
  envelope.eight_bit = !mail::is_ascii(message.content);
  for (mail::EmailAddress& address : message.recipients) {
    envelope.smtputf8 = envelope.smtputf8 || address.needs_smtputf8();
    auto one =
        co_await intake.admit(origin, message.sender, mail::Recipient{std::move(address), {}, {}});
    if (!one) co_return as_response(one.error());
    admitted.push_back(std::move(*one));
  }
  auto reception = intake.begin_once(std::move(origin), std::move(envelope), std::move(admitted),
                                     {idempotency_key(request), std::move(message.digest)});
  co_await reception->write(message.content);
  const auto answers = co_await reception->finish();
  if (!answers.front().is_positive()) co_return as_response(answers.front());
  const std::string_view said = answers.front().lines.front();
  co_return json_response({{"id", said.substr(said.rfind(' ') + 1)}}, 202);
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
