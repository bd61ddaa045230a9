// core/mail/seven_bit.cc: rewrites 8-bit bodies and long lines as quoted-printable or base64, part
// by part (RFC 6152 §3, RFC 2045 §6).
#include "core/mail/seven_bit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/mail/charset.h"
#include "core/mail/compose.h"
#include "core/mail/dot_stuffing.h"
#include "core/mail/encodings.h"
#include "core/mail/headers.h"
#include "core/mail/mime.h"

namespace postern::mail {
namespace {

constexpr std::array address_fields{"From",      "Sender",    "Reply-To",    "To",
                                    "Cc",        "Bcc",       "Resent-From", "Resent-Sender",
                                    "Resent-To", "Resent-Cc", "Resent-Bcc"};

void append_ascii(std::string& out, std::string_view text) {
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x80 ? c : '?';
}

/// An address list with its names as encoded words; none when an address itself is not ASCII.
std::optional<std::string> ascii_addresses(std::string_view value) {
  std::string out;
  bool comma = false;
  for (const MailboxEntry& entry : parse_address_list(value).entries) {
    if (entry.kind == MailboxEntry::Kind::group_end) {
      out += ';';
      comma = true;
      continue;
    }
    if (comma) out += ", ";
    const std::string name = encode_phrase(decode_words(entry.display_name));
    comma = entry.kind == MailboxEntry::Kind::mailbox;
    if (entry.kind == MailboxEntry::Kind::group_start) {
      out += name + ": ";
      continue;
    }
    const auto domain = Domain::parse(entry.domain);
    if (!is_ascii(entry.local_part) || (!is_ascii(entry.domain) && !domain)) return std::nullopt;
    const std::string address =
        quote_local_part(entry.local_part) + '@' + (domain ? domain->text() : entry.domain);
    out += name.empty() ? address : name + " <" + address + '>';
  }
  return out;
}

/// Appends one field in ASCII; false when that cannot be.
bool append_field(const HeaderField& field, std::string_view raw, std::string& out) {
  if (is_ascii(raw)) {
    out += raw;
  } else if (field.name.empty()) {
    append_ascii(out, raw);
  } else if (std::ranges::any_of(address_fields,
                                 [&](const char* name) { return field.is(name); })) {
    const auto list = ascii_addresses(field.value);
    if (!list) return false;
    out += header_line(field.name, *list);
  } else if (lower_case(field.name).starts_with("content-")) {  // parameters take no encoded words
    append_ascii(out, raw);
  } else {
    out += header_line(field.name, encode_words(guess_utf8(field.unfolded())));
  }
  return true;
}

struct Conversion {
  std::string_view encoding;  // the new Content-Transfer-Encoding; empty: leave it
  std::string body;           // of a leaf
  bool whole_body = false;    // `body` replaces the old one
};

Conversion plan(const MimePart& part, std::string_view message) {
  const bool says_more = part.encoding == "8bit" || part.encoding == "binary";
  if (part.is_multipart() || part.is_message()) {
    return {.encoding = says_more ? std::string_view("7bit") : std::string_view()};
  }
  const std::string_view body = part.body.of(message);
  if (is_ascii(body) && part.encoding != "binary" && !has_long_line(body))
    return {.encoding = says_more ? std::string_view("7bit") : std::string_view()};
  const bool as_text = part.type == "text" && part.encoding != "base64";
  const std::string bytes = decode_transfer(part.encoding, body);
  Conversion conversion{.encoding = as_text ? "quoted-printable" : "base64",
                        .body = as_text ? quoted_printable_encode(bytes) : base64_lines(bytes),
                        .whole_body = true};
  if (!as_text && part.body.end < message.size() && conversion.body.ends_with("\r\n")) {
    conversion.body.resize(conversion.body.size() - 2);  // the boundary brings its own CRLF
  }
  return conversion;
}

/// A message older than MIME gets the fields that its new encoding needs.
void append_mime_fields(const HeaderBlock& headers, const MimePart& part, std::string_view message,
                        std::string& out) {
  if (part.depth == 0 && headers.find("MIME-Version") == nullptr) out += "MIME-Version: 1.0\r\n";
  if (headers.find("Content-Type") == nullptr) {
    out +=
        fmt::format("Content-Type: text/plain; charset={}\r\n",
                    is_valid_utf8(part.body.of(message)) ? "utf-8" : "unknown-8bit");  // RFC 1428
  }
}

}  // namespace

bool needs_eight_bit(std::string_view message) {
  if (!is_ascii(message)) return true;
  const MimeStructure structure = MimeStructure::parse(message);
  return std::ranges::any_of(structure.parts,
                             [](const MimePart& part) { return part.encoding == "binary"; });
}

std::optional<std::string> to_seven_bit(std::string_view message) {
  const MimeStructure structure = MimeStructure::parse(message);
  if (!structure.is_complete) return std::nullopt;
  std::string out;
  out.reserve(message.size() + message.size() / 4);
  std::size_t at = 0;
  for (const MimePart& part :
       structure.parts) {  // in the order of the text, but for empty parts that stand for nothing
    if (part.header.size() + part.body.size() == 0) continue;
    append_ascii(out, message.substr(at, part.header.begin - at));
    const HeaderBlock headers = HeaderBlock::parse(part.header.of(message));
    const Conversion conversion = plan(part, message);
    for (const HeaderField& field : headers.fields()) {
      if (!conversion.encoding.empty() && field.is("Content-Transfer-Encoding")) continue;
      if (!append_field(field, headers.text().substr(field.begin, field.end - field.begin), out))
        return std::nullopt;
    }
    if (conversion.whole_body && conversion.encoding != part.encoding)
      append_mime_fields(headers, part, message, out);
    if (!conversion.encoding.empty())
      out += fmt::format("Content-Transfer-Encoding: {}\r\n", conversion.encoding);
    out += headers.text().substr(headers.fields_size());
    at = part.header.end;
    if (conversion.whole_body) {
      out += conversion.body;
      at = part.body.end;
    }
  }
  append_ascii(out, message.substr(at));
  return out;
}

}  // namespace postern::mail
