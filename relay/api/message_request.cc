// relay/api/message_request.cc: a message out of JSON, or as it is with its envelope in the query.
#include "relay/api/message_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/json.h"
#include "core/mail/compose.h"
#include "core/mail/dot_stuffing.h"
#include "core/mail/encodings.h"
#include "core/mail/headers.h"
#include "core/sha256.h"
#include "queue/model/queue_id.h"

namespace postern::http {
namespace {

using People = std::vector<mail::Person>;

/// "Ann <ann@b.example>", "ann@b.example, bob@b.example", or an array of such.
std::expected<People, std::string> read_people(const Json& value, std::string_view key) {
  People people;
  const auto read_one = [&](const Json& item) {
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
  if (found == body.end()) return {};
  return found->get<std::string>();
}

// clang-format off
constexpr std::array attachment_fields{
    JsonField{"content",      JsonKind::text},
    JsonField{"filename",     JsonKind::text},
    JsonField{"name",         JsonKind::text},
    JsonField{"content_type", JsonKind::text},
    JsonField{"content_id",   JsonKind::text},
};
// clang-format on

std::optional<std::string> mistake_in_attachment(const Json& attachment) {
  const auto mistake = mistake_in(attachment, attachment_fields);
  if (mistake || attachment.contains("content")) return mistake;
  return "\"content\" is missing: base64";
}

/// What is not known, or of another type; after it, all can be read as what it is. Nothing is
/// copied or written before: both would follow a stranger's nesting on our stack.
std::optional<std::string> mistake_in_message(const Json& body) {
  if (auto mistake = mistake_in(body, message_fields)) return mistake;
  if (body.contains("headers") &&
      !std::ranges::all_of(body["headers"], [](const Json& value) { return value.is_string(); })) {
    return "headers: a value is a text";
  }
  if (!body.contains("attachments")) return {};
  for (std::size_t number = 0; const Json& attachment : body["attachments"]) {
    if (const auto mistake = mistake_in_attachment(attachment)) {
      return fmt::format("attachments[{}]: {}", number, *mistake);
    }
    ++number;
  }
  return {};
}

/// The body, without what is null.
Json parse_message(std::string_view text) {
  Json body = without_nulls(parse_json(text));
  if (body.is_object() && body.contains("attachments")) {
    for (Json& attachment : body["attachments"]) {
      attachment = without_nulls(std::move(attachment));
    }
  }
  return body;
}

/// A message that was given as JSON.
struct Composed {
  mail::EmailAddress sender;
  std::vector<mail::EmailAddress> recipients;
  std::string content;
};

std::expected<void, std::string> add_attachments(mail::Composer& composer, const Json& list) {
  for (const Json& item : list) {
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

std::expected<Composed, std::string> compose(const Json& body, std::string_view unique,
                                             std::chrono::system_clock::time_point now) {
  if (!body.contains("from")) return std::unexpected("from is missing");
  const auto from = read_people(body["from"], "from");
  if (!from) return std::unexpected(from.error());
  if (from->size() != 1) return std::unexpected("from is one address");
  Composed composed{from->front().address, {}, {}};
  mail::Composer composer;
  composer.from(*from).date(std::chrono::floor<std::chrono::seconds>(now));
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
  if (body.contains("headers")) {
    for (const auto& [name, value] : body["headers"].items()) {
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

}  // namespace

Submission as_submission(mail::ReversePath sender, std::vector<mail::EmailAddress> recipients,
                         std::string_view body) {
  std::string said = mail::path_text(sender) + '\n';  // no address holds a line end
  for (const auto& recipient : recipients) said += recipient.text() + '\n';
  said += '\n';
  said += body;
  return {std::move(sender), std::move(recipients), mail::with_crlf(body), sha256(said)};
}

std::expected<Submission, Problem> read_rfc822(const Request& request) {
  auto envelope = read_envelope(request);
  if (!envelope) return bad_request(envelope.error());
  return as_submission(std::move(envelope->sender), std::move(envelope->recipients), request.body);
}

std::string media_type(const Request& request) {
  const std::string_view type = request.field("content-type");
  return mail::lower_case(type.substr(0, type.find_first_of("; ")));
}

std::expected<Submission, Problem> read_json_message(const Request& request,
                                                     std::chrono::system_clock::time_point now) {
  const Json body = parse_message(request.body);
  if (body.is_discarded()) return bad_request("the body is not JSON");
  if (const auto mistake = mistake_in_message(body)) return bad_request(*mistake);
  const auto unique = queue::text(queue::make_queue_id(now));
  auto composed = compose(body, unique, now);
  if (!composed) return unprocessable(composed.error());
  // Keys are written in their order, whatever that of the request.
  return Submission{std::move(composed->sender), std::move(composed->recipients),
                    std::move(composed->content), sha256(write_json(body))};
}

}  // namespace postern::http
