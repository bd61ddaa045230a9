// policy/dkim/signer.cc: which fields are signed, and the signature's own field.
#include "policy/dkim/signer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/mail/encodings.h"
#include "core/mail/headers.h"

namespace postern::policy {
namespace {

/// What is signed where present, and the absence of one more `From` and its like: nobody can add
/// one later (RFC 6376 §5.4, §8.15). Return-Path, Received, Bcc and what list software changes are
/// left out.
constexpr std::array<std::string_view, 24> signed_fields{"from",
                                                         "sender",
                                                         "reply-to",
                                                         "to",
                                                         "cc",
                                                         "subject",
                                                         "date",
                                                         "message-id",
                                                         "in-reply-to",
                                                         "references",
                                                         "mime-version",
                                                         "content-type",
                                                         "content-transfer-encoding",
                                                         "content-id",
                                                         "content-description",
                                                         "resent-date",
                                                         "resent-from",
                                                         "resent-sender",
                                                         "resent-to",
                                                         "resent-cc",
                                                         "resent-message-id",
                                                         "list-id",
                                                         "list-unsubscribe",
                                                         "list-unsubscribe-post"};
constexpr std::array<std::string_view, 4> over_signed{"from", "to", "subject", "date"};

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// A base64 value folded inside of its tag; verifiers drop the blanks (RFC 6376 §3.5, b= and bh=).
std::string folded_base64(std::string_view text, std::size_t column) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = std::min(text.size() - at, 76 - std::min<std::size_t>(column, 60));
    if (at > 0) out += "\r\n\t";
    out += text.substr(at, size);
    at += size;
    column = 8;
  }
  return out;
}

/// The h= list: for each name as often as it occurs, and once more for those over-signed. From the
/// last upwards is what h= means, so the hash takes the occurrences bottom first (RFC 6376 §5.4.2).
std::vector<std::string_view> names_to_sign(const mail::HeaderBlock& headers) {
  std::vector<std::string_view> names;
  for (const std::string_view name : signed_fields) {
    names.insert(names.end(), headers.count(name), name);
    if (std::ranges::find(over_signed, name) != over_signed.end()) names.push_back(name);
  }
  return names;
}

/// "h=from:from:to;" over several lines.
std::string h_tag(const std::vector<std::string_view>& names) {
  std::string out = "h=";
  std::size_t column = 3;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += ':';
    if (column + names[i].size() > 74) {
      out += "\r\n\t ";
      column = 9;
    }
    out += names[i];
    column += names[i].size() + 1;
  }
  return out;
}

/// The signed fields in relaxed form, each with CRLF; a name beyond the last occurrence adds
/// nothing.
std::string signed_text(const mail::HeaderBlock& headers,
                        const std::vector<std::string_view>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size();) {
    const std::size_t end = static_cast<std::size_t>(
        std::find_if(names.begin() + static_cast<std::ptrdiff_t>(i), names.end(),
                     [&](std::string_view name) { return name != names[i]; }) -
        names.begin());
    const auto fields = headers.all(names[i]);
    for (auto field = fields.rbegin(); field != fields.rend(); ++field)
      out += relaxed_header((*field)->name, (*field)->value) + "\r\n";
    i = end;
  }
  return out;
}

std::string field(std::string_view unsigned_value, std::string_view signature) {
  return fmt::format("DKIM-Signature: {}{}\r\n", unsigned_value,
                     folded_base64(mail::base64_encode(signature), 10));
}

}  // namespace

std::string relaxed_header(std::string_view name, std::string_view raw_value) {
  std::string out = mail::lower_case(name) + ':';
  bool blank = false, any = false;
  for (std::size_t i = 0; i < raw_value.size(); ++i) {
    const char c = raw_value[i];
    if (c == '\r' && raw_value.substr(i).starts_with("\r\n")) {
      ++i;
    } else if (is_blank(c)) {
      blank = true;
    } else {
      if (blank && any) out += ' ';
      blank = false;
      any = true;
      out += c;
    }
  }
  return out;
}

DkimSignatures::DkimSignatures(std::span<const DkimKey> keys, std::string_view header_block,
                               std::chrono::sys_seconds now)
    : keys_(keys), now_(now) {
  const mail::HeaderBlock headers = mail::HeaderBlock::parse(header_block);
  const std::vector<std::string_view> names = names_to_sign(headers);
  h_tag_ = h_tag(names);
  signed_headers_ = signed_text(headers, names);
}

/// All of the field's value but the signature (RFC 6376 §3.5).
std::string DkimSignatures::unsigned_value(const DkimKey& key, std::string_view body_hash) const {
  return fmt::format(
      "v=1; a={}; c=relaxed/relaxed;\r\n\td={}; s={}; t={};\r\n\t{};\r\n\tbh={};\r\n\tb=",
      key.algorithm() == DkimAlgorithm::rsa_sha256 ? "rsa-sha256" : "ed25519-sha256", key.domain(),
      key.selector(), now_.time_since_epoch().count(), h_tag_, body_hash);
}

std::size_t DkimSignatures::size() const {
  const std::string any_hash = mail::base64_encode(std::string(32, '\0'));  // of SHA-256's length
  std::size_t size = 0;
  for (const DkimKey& key : keys_)
    size += field(unsigned_value(key, any_hash), std::string(key.signature_size(), '\0')).size();
  return size;
}

std::string DkimSignatures::fields(std::string_view body_hash) const {
  std::string fields;
  for (const DkimKey& key : keys_) {
    const std::string value = unsigned_value(key, body_hash);
    // The field itself comes last, with an empty b= and no CRLF (RFC 6376 §3.7).
    fields += field(value, key.sign(signed_headers_ + relaxed_header("DKIM-Signature", value)));
  }
  return fields;
}

std::string dkim_sign(std::span<const DkimKey> keys, std::string_view message,
                      std::chrono::sys_seconds now) {
  const mail::HeaderBlock headers = mail::HeaderBlock::parse(message);
  BodyHasher hasher;
  hasher.update(message.substr(headers.size()));
  return DkimSignatures(keys, headers.text(), now).fields(hasher.finish());
}

}  // namespace postern::policy
