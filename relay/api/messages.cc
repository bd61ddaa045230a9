// relay/api/messages.cc: messages handed in over HTTP, and what became of them.
#include <set>

#include "core/mail/compose.h"
#include "core/mail/dot_stuffing.h"
#include "core/mail/encodings.h"
#include "core/mail/headers.h"
#include "core/number.h"
#include "relay/api/api.h"
#include "relay/api/json_views.h"
#include "relay/config/config.h"

namespace postern::http {
namespace {

Response refuse(int status, std::string_view why) {
  return problem(status, status == 400 ? "Bad Request" : "Unprocessable Content", why);
}

/// An SMTP answer as HTTP says it.
Response as_response(const smtp::Answer& answer) {
  const int status = answer.code >= 500 ? 422 : 503;
  Response response =
      json_response({{"type", "about:blank"},
                     {"title", status == 422 ? "Message refused" : "Try again later"},
                     {"status", status},
                     {"detail", answer.text()},
                     {"enhanced_status", answer.status}},
                    status);
  response.content_type = "application/problem+json";
  return response;
}

using People = std::vector<mail::Person>;

/// "Ann <ann@b.example>", "ann@b.example, bob@b.example", or an array of such.
std::expected<People, std::string> read_people(const Json& value, std::string_view key) {
  People people;
  const auto read_one = [&](const Json& item) {
    if (!item.is_string()) return false;
    const auto list = mail::parse_address_list(item.get<std::string>());
    for (const mail::MailboxEntry& entry : list.entries) {
      if (entry.kind != mail::MailboxEntry::Kind::mailbox) return false;
      auto address = mail::EmailAddress::parse(entry.address());
      if (!address) return false;
      people.push_back({mail::decode_words(entry.display_name), std::move(*address)});
    }
    return list.is_clean && !list.entries.empty();
  };
  const bool is_sound = value.is_array() ? std::ranges::all_of(value, read_one) : read_one(value);
  if (!is_sound) return std::unexpected(std::string(key) + " holds addresses");
  return people;
}

std::optional<std::string> text_of(const Json& body, const char* key) {
  const auto found = body.find(key);
  if (found == body.end() || !found->is_string()) return {};
  return found->get<std::string>();
}

/// A message that was given as JSON.
struct Composed {
  mail::EmailAddress sender;
  std::vector<mail::EmailAddress> recipients;
  std::string content;
};

std::expected<void, std::string> add_attachments(mail::Composer& composer, const Json& list) {
  if (!list.is_array()) return std::unexpected("attachments is an array");
  for (const Json& item : list) {
    if (!item.is_object()) return std::unexpected("an attachment is an object");
    const auto content = mail::base64_decode(text_of(item, "content").value_or(""));
    if (!content) return std::unexpected("an attachment's content is base64");
    mail::Attachment attachment;
    attachment.file_name = text_of(item, "filename").value_or(text_of(item, "name").value_or(""));
    attachment.content_type = text_of(item, "content_type").value_or(attachment.content_type);
    attachment.content_id = text_of(item, "content_id").value_or("");
    attachment.content = *content;
    composer.attach(std::move(attachment));
  }
  return {};
}

std::expected<Composed, std::string> compose(const Json& body, std::string_view unique) {
  if (!body.is_object()) return std::unexpected("the body is a JSON object");
  if (!body.contains("from")) return std::unexpected("from is missing");
  const auto from = read_people(body["from"], "from");
  if (!from) return std::unexpected(from.error());
  if (from->size() != 1) return std::unexpected("from is one address");
  Composed composed{from->front().address, {}, {}};
  mail::Composer composer;
  composer.from(*from).date(
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
  for (const char* key : {"to", "cc", "bcc"}) {
    if (!body.contains(key)) continue;
    const auto people = read_people(body[key], key);
    if (!people) return std::unexpected(people.error());
    for (const auto& person : *people) composed.recipients.push_back(person.address);
    if (std::string_view(key) == "to") composer.to(*people);
    if (std::string_view(key) == "cc") composer.cc(*people);
  }
  if (composed.recipients.empty()) return std::unexpected("to is missing");
  if (body.contains("reply_to")) {
    const auto people = read_people(body["reply_to"], "reply_to");
    if (!people) return std::unexpected(people.error());
    composer.reply_to(*people);
  }
  if (const auto subject = text_of(body, "subject")) composer.subject(*subject);
  if (body.contains("headers") && body["headers"].is_object()) {
    for (const auto& [name, value] : body["headers"].items()) {
      if (!value.is_string()) return std::unexpected("headers are strings");
      composer.field(name, value.get<std::string>());
    }
  }
  const auto text = text_of(body, "text"), html = text_of(body, "html");
  if (html) composer.html(*html);
  if (text || !html) composer.text(text.value_or(""));
  if (body.contains("attachments")) {
    const auto added = add_attachments(composer, body["attachments"]);
    if (!added) return std::unexpected(added.error());
  }
  auto content = composer.build(unique);
  if (!content) return std::unexpected(content.error().text);
  composed.content = std::move(*content);
  return composed;
}

std::string media_type(const Request& request) {
  const std::string_view type = request.field("content-type");
  return mail::lower_case(type.substr(0, type.find_first_of("; ")));
}

/// ?from= and every ?to=.
struct EnvelopeInQuery {
  mail::ReversePath sender;
  std::vector<mail::EmailAddress> recipients;
};

std::expected<EnvelopeInQuery, std::string> read_envelope(const Request& request) {
  EnvelopeInQuery envelope;
  const auto from = request.parameter("from");
  if (!from) return std::unexpected("?from= is missing");
  if (!from->empty() && *from != "<>") {
    auto sender = mail::EmailAddress::parse(*from);
    if (!sender) return std::unexpected("from: " + sender.error().text);
    envelope.sender = std::move(*sender);
  }
  for (const auto& [name, value] : request.query) {
    if (name != "to") continue;
    auto recipient = mail::EmailAddress::parse(value);
    if (!recipient) return std::unexpected("to: " + recipient.error().text);
    envelope.recipients.push_back(std::move(*recipient));
  }
  if (envelope.recipients.empty()) return std::unexpected("?to= is missing");
  return envelope;
}

/// All, or the refusal. A program of this host reads no answer for each recipient: while one of
/// them is taken, those that are not are bounced.
Task<std::expected<std::vector<relay::Admitted>, smtp::Answer>> admit_all(
    relay::Intake& intake, const relay::Origin& origin, const mail::ReversePath& sender,
    const std::vector<mail::EmailAddress>& recipients) {
  std::vector<relay::Admitted> admitted;
  std::vector<smtp::Answer> refusals;
  for (const mail::EmailAddress& address : recipients) {
    const mail::Recipient recipient{address, {}, {}};
    auto one = co_await intake.admit(origin, sender, recipient);
    if (one) {
      admitted.push_back(std::move(*one));
      continue;
    }
    refusals.push_back(std::move(one.error()));
    if (!origin.is_local || refusals.back().code < 500) co_return std::unexpected(refusals.back());
    admitted.push_back({recipient, {recipient}});
  }
  if (refusals.size() == admitted.size()) co_return std::unexpected(refusals.front());
  co_return admitted;
}

}  // namespace

Task<Response> Api::take_message(const Request& request) {
  const std::string type = media_type(request);
  if (type == "message/rfc822") {
    auto envelope = read_envelope(request);
    if (!envelope) co_return refuse(400, envelope.error());
    co_return co_await submit(request, std::move(envelope->sender), std::move(envelope->recipients),
                              mail::with_crlf(request.body));
  }
  if (type != "application/json") {
    co_return problem(415, "Unsupported Media Type", "application/json or message/rfc822");
  }
  const Json body = parse_json(request.body);
  if (body.is_discarded()) co_return refuse(400, "the body is not JSON");
  const auto unique = queue::text(queue::make_queue_id(std::chrono::system_clock::now()));
  auto composed = compose(body, unique);
  if (!composed) co_return refuse(422, composed.error());
  co_return co_await submit(request, std::move(composed->sender), std::move(composed->recipients),
                            std::move(composed->content));
}

Task<Response> Api::submit(const Request& request, mail::ReversePath sender,
                           std::vector<mail::EmailAddress> recipients, std::string content,
                           std::set<std::string> own_addresses) {
  const auto& limits = snapshot_->config->limits;
  if (content.size() > limits.message_size) co_return refuse(422, "the message is too large");
  if (recipients.size() > limits.recipients) co_return refuse(422, "too many recipients");
  relay::Origin origin;
  origin.door = relay::Door::submission;
  origin.peer = request.peer;
  origin.protocol = "HTTP";
  origin.account = request.account;
  origin.is_local = trust_ != Trust::by_password;
  origin.own_addresses = std::move(own_addresses);
  auto& intake = worker_.intake();
  if (const auto refusal = co_await intake.check_sender(origin, sender)) {
    co_return as_response(*refusal);
  }
  auto admitted = co_await admit_all(intake, origin, sender, recipients);
  if (!admitted) co_return as_response(admitted.error());
  mail::Envelope envelope;
  envelope.sender = sender;
  envelope.eight_bit = !mail::is_ascii(content);
  envelope.smtputf8 = std::ranges::any_of(recipients, &mail::EmailAddress::needs_smtputf8);
  std::string key(request.account ? request.field("idempotency-key") : "");
  if (key.size() > 255) co_return refuse(400, "Idempotency-Key is longer than 255 octets");
  auto reception = intake.begin_once(std::move(origin), std::move(envelope), std::move(*admitted),
                                     std::move(key));
  co_await reception->write(content);
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
