// core/mail/compose.cc: writes a message from its parts: the header, bodies, attachments.
#include "core/mail/compose.h"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "core/assert.h"
#include "core/mail/dot_stuffing.h"
#include "core/mail/encodings.h"
#include "core/mail/headers.h"
#include "core/mail/mime.h"

namespace postern::mail {
namespace {

constexpr std::array reserved{
    "From", "Sender",     "Reply-To",    "To",         "Cc",       "Bcc",         "Subject",
    "Date", "Message-ID", "In-Reply-To", "References", "Received", "Return-Path", "DKIM-Signature"};

std::size_t longest_word(std::string_view text) {
  std::size_t longest = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    longest = std::max(longest, end - begin);
    begin = end + 1;
  }
  return longest;
}

/// Text as encoded words; what raw() will refuse stays as it is.
std::string encoded(std::string_view text) {
  return has_control(text) || !is_valid_utf8(text) ? std::string(text) : encode_words(text);
}

bool is_field_name(std::string_view name) {
  return !name.empty() && name.size() <= 76 &&
         std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7f && !std::string_view("()<>@,;:\\\"/[]?=").contains(c);
  });
}

/// `; name="value"`, or RFC 2231's form where it is not ASCII.
std::string parameter(std::string_view name, std::string_view value) {
  if (!is_ascii(value)) {
    std::string encoded;
    for (const char c : value) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
      encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return fmt::format(";\r\n {}*=utf-8''{}", name, encoded);
  }
  std::string quoted;
  for (const char c : value) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return fmt::format(";\r\n {}=\"{}\"", name, quoted);
}

struct Entity {
  std::string header, body;
};

Entity text_entity(std::string_view subtype, std::string_view text) {
  const std::string lines = with_crlf(text);
  std::size_t longest = 0, begin = 0;
  while (begin < lines.size()) {
    const std::size_t end = std::min(lines.find("\r\n", begin), lines.size());
    longest = std::max(longest, end - begin);
    begin = end + 2;
  }
  const bool plain = is_ascii(lines) && longest <= 76 && !lines.contains('\0') &&
                     !lines.starts_with("From ") && !lines.contains("\nFrom ") &&
                     !lines.contains("--=_");
  Entity entity{
      fmt::format("Content-Type: text/{}; charset={}\r\nContent-Transfer-Encoding: {}\r\n", subtype,
                  is_ascii(lines) ? "us-ascii" : "utf-8", plain ? "7bit" : "quoted-printable"),
      plain ? lines : quoted_printable_encode(lines)};
  if (!entity.body.ends_with("\r\n"))
    entity.body += plain ? "\r\n" : entity.body.empty() ? "" : "=\r\n";
  return entity;
}

Entity attachment_entity(const Attachment& attachment) {
  Entity entity{"Content-Type: " + attachment.content_type, base64_lines(attachment.content)};
  if (!attachment.file_name.empty()) entity.header += parameter("name", attachment.file_name);
  entity.header += "\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: ";
  entity.header += attachment.content_id.empty() ? "attachment" : "inline";
  if (!attachment.file_name.empty()) entity.header += parameter("filename", attachment.file_name);
  entity.header += "\r\n";
  if (!attachment.content_id.empty())
    entity.header += "Content-ID: <" + attachment.content_id + ">\r\n";
  return entity;
}

Entity multipart(std::string_view subtype, const std::vector<Entity>& parts,
                 std::string_view boundary) {
  Entity entity{
      fmt::format("Content-Type: multipart/{};\r\n boundary=\"{}\"\r\n", subtype, boundary), {}};
  for (const Entity& part : parts)
    entity.body += fmt::format("--{}\r\n{}\r\n{}\r\n", boundary, part.header, part.body);
  entity.body += fmt::format("--{}--\r\n", boundary);
  return entity;
}

bool is_content_type(std::string_view text) {
  const ParameterisedValue type = parse_parameterised(text);
  const std::size_t slash = type.value.find('/');
  return slash != std::string::npos && is_token(std::string_view(type.value).substr(0, slash)) &&
         is_token(std::string_view(type.value).substr(slash + 1)) &&
         !type.value.starts_with("multipart/") && !type.value.starts_with("message/") &&
         text.size() <= 500 && is_ascii(text) && !has_control(text);
}

}  // namespace

void Composer::refuse(std::string text) {
  if (!error_) error_ = SyntaxError{std::move(text), 0};
}

Composer& Composer::raw(std::string_view name, std::string_view value, std::string_view what) {
  if (has_control(value) || !is_valid_utf8(value)) {
    refuse(fmt::format("{} with a control character or text that is not UTF-8", what));
  } else if (longest_word(value) > 900) {
    refuse(fmt::format("{} with a word of more than 900 octets, which no line can hold", what));
  } else {
    header_ += header_line(name, value);
  }
  return *this;
}

Composer& Composer::people(std::string_view name, const std::vector<Person>& list) {
  std::string value;
  for (const Person& person : list) {
    if (has_control(person.name) || !is_valid_utf8(person.name)) {
      refuse(fmt::format("{}: a name with a control character or text that is not UTF-8", name));
      return *this;
    }
    if (!value.empty()) value += ", ";
    value += person.name.empty() ? person.address.text()
                                 : encode_phrase(person.name) + " <" + person.address.text() + '>';
  }
  return value.empty() ? *this : raw(name, value, name);
}

Composer& Composer::from(std::vector<Person> list) { return people("From", list); }
Composer& Composer::sender(Person person) { return people("Sender", {std::move(person)}); }
Composer& Composer::reply_to(std::vector<Person> list) { return people("Reply-To", list); }
Composer& Composer::to(std::vector<Person> list) { return people("To", list); }
Composer& Composer::cc(std::vector<Person> list) { return people("Cc", list); }

Composer& Composer::subject(std::string_view text) {
  return raw("Subject", encoded(text), "Subject");
}
Composer& Composer::date(std::chrono::sys_seconds time) {
  return raw("Date", format_date(time), "Date");
}

Composer& Composer::message_id(std::string_view id) {
  if (parse_message_ids(id) != std::vector<std::string>{std::string(id)} || !is_ascii(id))
    refuse("Message-ID must be <left@right>");
  return raw("Message-ID", id, "Message-ID");
}

Composer& Composer::in_reply_to(std::string_view ids) {
  return raw("In-Reply-To", ids, "In-Reply-To");
}
Composer& Composer::references(std::string_view ids) {
  return raw("References", ids, "References");
}

Composer& Composer::field(std::string_view name, std::string_view text) {
  const std::string lower = lower_case(name);
  if (!is_field_name(name)) {
    refuse("a field's name takes printable ASCII without a colon");
  } else if (lower.starts_with("content-") || lower.starts_with("mime-") ||
             lower.starts_with("resent-") || std::ranges::any_of(reserved, [&](const char* word) {
               return equal_ignoring_case(word, name);
             })) {
    refuse(fmt::format("field {} is not for free use", name));
  } else {
    return raw(name, encoded(text), fmt::format("field {}", name));
  }
  return *this;
}

Composer& Composer::text(std::string utf8) {
  if (!is_valid_utf8(utf8)) refuse("text that is not UTF-8");
  text_ = std::move(utf8);
  return *this;
}

Composer& Composer::html(std::string utf8) {
  if (!is_valid_utf8(utf8)) refuse("html that is not UTF-8");
  html_ = std::move(utf8);
  return *this;
}

Composer& Composer::attach(Attachment attachment) {
  if (has_control(attachment.file_name) || !is_valid_utf8(attachment.file_name))
    refuse("attachment with a control character in its file name");
  if (!is_content_type(attachment.content_type))
    refuse("attachment with a content type that is not a plain type/subtype");
  if (!attachment.content_id.empty() &&
      (!is_ascii(attachment.content_id) || has_control(attachment.content_id) ||
       attachment.content_id.find_first_of("<> ") != std::string::npos)) {
    refuse("attachment with a content id that is no word");
  }
  attachments_.push_back(std::move(attachment));
  return *this;
}

std::expected<std::string, SyntaxError> Composer::build(std::string_view unique) const {
  if (error_) return std::unexpected(*error_);
  POSTERN_ASSERT(is_token(unique) && unique.size() <= 50);
  // "=_" can stand in no quoted-printable or base64 line.
  const auto boundary = [&](std::string_view kind) { return fmt::format("=_{}_{}", kind, unique); };
  std::vector<Entity> related, mixed;
  for (const Attachment& attachment : attachments_) {
    (attachment.content_id.empty() || !html_ ? mixed : related)
        .push_back(attachment_entity(attachment));
  }
  Entity content = text_entity("plain", text_.value_or(""));
  if (html_) {
    Entity html = text_entity("html", *html_);
    if (!related.empty()) {
      related.insert(related.begin(), std::move(html));
      html = multipart("related", related, boundary("r"));
    }
    content = text_ ? multipart("alternative", {std::move(content), std::move(html)}, boundary("a"))
                    : std::move(html);
  }
  if (!mixed.empty()) {
    mixed.insert(mixed.begin(), std::move(content));
    content = multipart("mixed", mixed, boundary("m"));
  }
  return header_ + "MIME-Version: 1.0\r\n" + content.header + "\r\n" + content.body;
}

std::string new_message_id(std::string_view domain) {
  std::array<unsigned char, 12> random{};
  POSTERN_ASSERT(RAND_bytes(random.data(), random.size()) == 1);
  // Nothing is decided by it: it only keeps ids of different seconds apart.
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
  return fmt::format("<{}.{:x}@{}>",
                     hex_encode({reinterpret_cast<const char*>(random.data()), random.size()}),
                     now.count(), domain);
}

std::string header_line(std::string_view name, std::string_view value) {
  return fmt::format("{}: {}\r\n", name, fold(value, name.size() + 2));
}

}  // namespace postern::mail
