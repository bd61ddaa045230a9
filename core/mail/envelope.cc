// core/mail/envelope.cc: the words of NOTIFY and ORCPT, read and written (RFC 3461 §4.1, §4.2).
#include "core/mail/envelope.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/mail/encodings.h"

namespace postern::mail {
namespace {

constexpr std::size_t orcpt_limit = 500;  // RFC 3461 §4.2

/// RFC 6533 §3: `\x{HEX}` stands for a character.
std::expected<std::string, SyntaxError> decode_utf8_address(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const std::size_t end = text.find('}', i);
    std::uint32_t point = 0;
    if (!text.substr(i).starts_with("\\x{") || end == std::string_view::npos || end - i > 9)
      return syntax_error("ORCPT with a broken \\x{…}", i);
    const auto [stop, code] = std::from_chars(text.data() + i + 3, text.data() + end, point, 16);
    if (code != std::errc() || stop != text.data() + end || point > 0x10ffff)
      return syntax_error("ORCPT with a broken \\x{…}", i);
    append_utf8(out, point);
    i = end;
  }
  return out;
}

std::string encode_utf8_address(std::string_view utf8) {
  std::string out;
  for (std::size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    if (lead > 0x20 && lead < 0x7f && lead != '\\' && lead != '+' && lead != '=') {
      out += utf8[i++];
      continue;
    }
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    std::uint32_t point = length == 1 ? lead : lead & (0x7fU >> length);
    for (std::size_t k = 1; k < length && i + k < utf8.size(); ++k)
      point = point << 6 | (static_cast<unsigned char>(utf8[i + k]) & 0x3f);
    out += fmt::format("\\x{{{:X}}}", point);
    i += length;
  }
  return out;
}

}  // namespace

std::expected<Notify, SyntaxError> parse_notify(std::string_view text) {
  Notify notify{.set = true};
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    bool* flag = equal_ignoring_case(word, "NEVER")     ? &notify.never
                 : equal_ignoring_case(word, "SUCCESS") ? &notify.success
                 : equal_ignoring_case(word, "FAILURE") ? &notify.failure
                 : equal_ignoring_case(word, "DELAY")   ? &notify.delay
                                                        : nullptr;
    if (flag == nullptr)
      return syntax_error("NOTIFY takes NEVER, or a list of SUCCESS, FAILURE, DELAY", begin);
    *flag = true;
    begin = end + 1;
  }
  if (notify.never && (notify.success || notify.failure || notify.delay))
    return syntax_error("NOTIFY=NEVER stands alone");
  return notify;
}

std::string notify_text(const Notify& notify) {
  if (!notify.set) return {};
  if (notify.never) return "NEVER";
  std::string out;
  const auto add = [&](bool wanted, std::string_view word) {
    if (!wanted) return;
    if (!out.empty()) out += ',';
    out += word;
  };
  add(notify.success, "SUCCESS");
  add(notify.failure, "FAILURE");
  add(notify.delay, "DELAY");
  return out.empty() ? "NEVER" : out;
}

std::expected<std::string, SyntaxError> parse_orcpt(std::string_view text) {
  if (text.size() > orcpt_limit) return syntax_error("ORCPT of more than 500 octets", orcpt_limit);
  const std::size_t semicolon = text.find(';');
  if (semicolon == 0 || semicolon == std::string_view::npos)
    return syntax_error("ORCPT is TYPE;ADDRESS, such as rfc822;a@b.example");
  const std::string type = lower_case(text.substr(0, semicolon));
  if (!std::ranges::all_of(type, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
      })) {
    return syntax_error("ORCPT with an address type that is no word");
  }
  const std::string_view encoded = text.substr(semicolon + 1);
  const auto address = type == "utf-8" ? decode_utf8_address(encoded) : xtext_decode(encoded);
  if (!address)
    return syntax_error("ORCPT: " + address.error().text, semicolon + 1 + address.error().offset);
  if (address->empty() || has_control(*address) || !is_valid_utf8(*address))
    return syntax_error("ORCPT with an empty or unprintable address");
  return type + ';' + *address;
}

std::string original_recipient(const EmailAddress& address) {
  return (address.needs_smtputf8() ? "utf-8;" : "rfc822;") + address.text();
}

std::string orcpt_text(std::string_view decoded) {
  const std::size_t semicolon = decoded.find(';');
  if (semicolon == std::string_view::npos) return {};
  const std::string_view type = decoded.substr(0, semicolon),
                         address = decoded.substr(semicolon + 1);
  return std::string(type) + ';' +
         (type == "utf-8" ? encode_utf8_address(address) : xtext_encode(address));
}

}  // namespace postern::mail
