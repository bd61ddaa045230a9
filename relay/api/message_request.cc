// relay/api/message_request.cc: a message out of JSON, or as it is with its envelope in the query.
#include "relay/api/message_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/bounded_json.h"
#include "core/mail/compose.h"
#include "core/mail/dot_stuffing.h"
#include "core/mail/encodings.h"
#include "core/mail/headers.h"
#include "core/sha256.h"
#include "queue/model/queue_id.h"

namespace postern::http {
namespace {

using People = std::vector<mail::Person>;

constexpr JsonBounds message_bounds{.depth = 32, .values = 20'000};
constexpr std::size_t longest_fields = 512 << 10;  // octets: 1,000 of the longest addresses, named

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

/// The same of what may be large: it is not there twice.
std::optional<std::string> take_text(Json& body, const char* key) {
  const auto found = body.find(key);
  if (found == body.end()) return {};
  return std::move(found->get_ref<std::string&>());
}

std::size_t octets_of(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().size();
  std::size_t octets = 0;
  if (value.is_array()) {
    for (const Json& item : value) octets += octets_of(item);
  } else if (value.is_object()) {
    for (const auto& [key, item] : value.items()) octets += key.size() + octets_of(item);
  }
  return octets;
}

/// All of a message but its texts and what is attached: what becomes header fields.
std::size_t octets_of_fields(const Json& body) {
  std::size_t octets = 0;
  for (const auto& [key, value] : body.items()) {
    if (key == "text" || key == "html") continue;
    octets += octets_of(value);
    if (key != "attachments") continue;
    for (const Json& attachment : value) octets -= octets_of(attachment.at("content"));
  }
  return octets;
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

/// What is not known, of another type or too long; after it, all can be read as what it is.
std::optional<std::string> mistake_in_message(const Json& body) {
  if (auto mistake = mistake_in(body, message_fields)) return mistake;
  if (body.contains("headers") &&
      !std::ranges::all_of(body["headers"], [](const Json& value) { return value.is_string(); })) {
    return "headers: a value is a text";
  }
  if (body.contains("attachments")) {
    for (std::size_t number = 0; const Json& attachment : body["attachments"]) {
      if (const auto mistake = mistake_in_attachment(attachment)) {
        return fmt::format("attachments[{}]: {}", number, *mistake);
      }
      ++number;
    }
  }
  if (octets_of_fields(body) <= longest_fields) return {};
  return fmt::format("all but texts and attachments is longer than {} KiB", longest_fields >> 10);
}

/// The body, without what is null.
std::expected<Json, std::string> parse_message(std::string_view text) {
  auto parsed = parse_bounded_json(text, message_bounds);
  if (!parsed) return parsed;
  Json body = without_nulls(*std::move(parsed));
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

std::expected<void, std::string> add_attachments(mail::Composer& composer, Json& list) {
  for (Json& item : list) {
    auto content = mail::base64_decode(*take_text(item, "content"));
    if (!content) return std::unexpected("an attachment's content is base64");
    mail::Attachment attachment;
    attachment.file_name = text_of(item, "filename").value_or(text_of(item, "name").value_or(""));
    attachment.content_type = text_of(item, "content_type").value_or(attachment.content_type);
    attachment.content_id = text_of(item, "content_id").value_or("");
    attachment.content = *std::move(content);
    composer.attach(std::move(attachment));
  }
  return {};
}

std::expected<Composed, std::string> compose(Json body, std::string_view unique,
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
  auto text = take_text(body, "text"), html = take_text(body, "html");
  const bool has_html = html.has_value();
  if (has_html) composer.html(*std::move(html));
  if (text || !has_html) composer.text(std::move(text).value_or(""));
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
  Sha256 said;
  said.update(mail::path_text(sender) + '\n');  // no address holds a line end
  for (const auto& recipient : recipients) said.update(recipient.text() + '\n');
  said.update("\n");
  said.update(body);
  return {std::move(sender), std::move(recipients),
          mail::with_crlf(body, mail::LineEndNormaliser::Kind::message), said.finish()};
}

std::expected<Submission, Problem> read_rfc822(const Request& request) {
  auto envelope = read_envelope(request);
  if (!envelope) return bad_request(envelope.error());
  return as_submission(std::move(envelope->sender), std::move(envelope->recipients),
                       request.body.text());
}

std::string media_type(const Request& request) {
  const std::string_view type = request.field("content-type");
  return mail::lower_case(type.substr(0, type.find_first_of("; ")));
}

std::expected<Submission, Problem> read_json_message(const Request& request,
                                                     std::chrono::system_clock::time_point now) {
  auto body = parse_message(request.body.text());
  if (!body) return bad_request("the body " + body.error());
  if (const auto mistake = mistake_in_message(*body)) return bad_request(*mistake);
  // Keys are written in their order, whatever that of the request.
  std::string digest = sha256_of_json(*body);
  const auto unique = queue::text(queue::make_queue_id(now));
  auto composed = compose(*std::move(body), unique, now);
  if (!composed) return unprocessable(composed.error());
  return Submission{std::move(composed->sender), std::move(composed->recipients),
                    std::move(composed->content), std::move(digest)};
}

}  // namespace postern::http
