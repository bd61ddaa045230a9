// core/mail/address.cc: reads domains (IDNA by libidn2), addresses and paths by their grammar (RFC
// 5321 §4.1.2, §4.1.3; RFC 6531 §3.3).
#include "core/mail/address.h"

#include <arpa/inet.h>
#include <idn2.h>

#include <algorithm>
#include <memory>

#include "core/mail/encodings.h"

namespace postern::mail {
namespace {

constexpr std::size_t local_part_limit =
    255;  // RFC 5321 §4.5.3.1.1 says 64 and asks for more: SRS and BATV need it
constexpr std::size_t domain_limit = 253;

struct Free {
  void operator()(char* text) const noexcept { idn2_free(text); }
};

bool is_let_dig(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/// atext of RFC 5321 and 6531.
bool is_atext(char c) {
  if (static_cast<unsigned char>(c) >= 0x80) return true;
  return is_let_dig(c) || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c);
}

bool is_dot_string(std::string_view text) {
  if (text.empty() || text.front() == '.' || text.back() == '.' || text.contains(".."))
    return false;
  return std::ranges::all_of(text, [](char c) { return c == '.' || is_atext(c); });
}

std::expected<std::string, SyntaxError> parse_literal(std::string_view text) {
  if (!text.ends_with(']')) return syntax_error("address literal without its ']'", text.size());
  const std::string inner(text.substr(1, text.size() - 2));
  char canonical[INET6_ADDRSTRLEN];
  in_addr v4{};
  if (inet_pton(AF_INET, inner.c_str(), &v4) == 1 && inner.find('\0') == std::string::npos)
    return '[' + inner + ']';
  if (inner.size() > 5 && equal_ignoring_case(inner.substr(0, 5), "ipv6:") &&
      inner.find('\0') == std::string::npos) {
    in6_addr v6{};
    if (inet_pton(AF_INET6, inner.c_str() + 5, &v6) == 1) {
      return std::string("[IPv6:") + inet_ntop(AF_INET6, &v6, canonical, sizeof canonical) + ']';
    }
  }
  return syntax_error("address literal that is neither IPv4 nor IPv6:", 1);
}

std::expected<std::string, SyntaxError> to_a_labels(std::string_view text) {
  if (!is_valid_utf8(text)) return syntax_error("domain that is not UTF-8", 0);
  if (text.size() > 1000 || text.contains('\0')) return syntax_error("domain that is too long", 0);
  char* raw = nullptr;
  const int result =
      idn2_to_ascii_8z(std::string(text).c_str(), &raw, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
  const std::unique_ptr<char, Free> owned(raw);
  if (result != IDN2_OK)
    return syntax_error(
        std::string("domain that is no internationalised name: ") + idn2_strerror(result), 0);
  return std::string(owned.get());
}

}  // namespace

std::expected<Domain, SyntaxError> Domain::parse(std::string_view text) {
  if (text.empty()) return syntax_error("domain is missing", 0);
  if (text.front() == '[') {
    auto literal = parse_literal(text);
    if (!literal) return std::unexpected(literal.error());
    return Domain(*std::move(literal));
  }
  std::string name;
  if (is_ascii(text)) {
    name = lower_case(text);
  } else {
    auto labels = to_a_labels(text);
    if (!labels) return std::unexpected(labels.error());
    name = lower_case(*labels);
  }
  if (name.ends_with('.')) name.pop_back();
  if (name.empty()) return syntax_error("domain is missing", 0);
  if (name.size() > domain_limit)
    return syntax_error("domain of more than 253 octets", domain_limit);
  std::size_t begin = 0;
  bool digits_only = false;
  while (begin <= name.size()) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    const std::string_view label = std::string_view(name).substr(begin, end - begin);
    if (label.empty()) return syntax_error("domain with an empty label", begin);
    if (label.size() > 63) return syntax_error("domain with a label of more than 63 octets", begin);
    // An underscore is no letter of RFC 5321, but hosts are named so, and DNS carries it.
    const auto fits = [](char c) { return is_let_dig(c) || c == '-' || c == '_'; };
    if (const auto bad = std::ranges::find_if_not(label, fits); bad != label.end()) {
      return syntax_error("domain with a character that is no letter, digit or hyphen",
                          begin + static_cast<std::size_t>(bad - label.begin()));
    }
    if (label.front() == '-' || label.back() == '-')
      return syntax_error("domain with a label that starts or ends with a hyphen", begin);
    digits_only = std::ranges::all_of(label, [](char c) { return c >= '0' && c <= '9'; });
    begin = end + 1;
  }
  if (digits_only)
    return syntax_error(
        "domain that ends in a number; write an IP address in brackets, [192.0.2.1]", 0);
  return Domain(std::move(name));
}

std::string Domain::unicode() const {
  if (!text_.contains("xn--")) return text_;
  char* raw = nullptr;
  const int result = idn2_to_unicode_8z8z(text_.c_str(), &raw, IDN2_NONTRANSITIONAL);
  const std::unique_ptr<char, Free> owned(raw);
  return result == IDN2_OK ? std::string(owned.get()) : text_;
}

std::string Domain::literal_address() const {
  if (!is_literal()) return {};
  const std::string inner = text_.substr(1, text_.size() - 2);
  return inner.starts_with("IPv6:") ? inner.substr(5) : inner;
}

std::expected<EmailAddress, SyntaxError> EmailAddress::parse(std::string_view text) {
  const std::string_view whole = text;
  text = strip_source_route(text);
  const std::size_t skipped = whole.size() - text.size();
  std::string local;
  std::size_t at = 0;
  if (text.starts_with('"')) {
    for (at = 1; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] == '\\') ++at;
      if (at >= text.size()) break;
      if (static_cast<unsigned char>(text[at]) < 0x20 || text[at] == 0x7f)
        return syntax_error("control character in the local part", skipped + at);
      local += text[at];
    }
    if (at >= text.size())
      return syntax_error("quoted local part without its closing quote", skipped + text.size());
    ++at;
    if (at == text.size() || text[at] != '@')
      return syntax_error("no '@' after the quoted local part", skipped + at);
  } else {
    at = text.rfind('@');
    if (at == std::string_view::npos)
      return syntax_error("address without '@'", skipped + text.size());
    local = text.substr(0, at);
    if (local.empty()) return syntax_error("local part is missing", skipped);
    if (!is_dot_string(local))
      return syntax_error("local part with a misplaced dot or a character that must be quoted",
                          skipped);
  }
  if (local.size() > local_part_limit)
    return syntax_error("local part of more than 255 octets", skipped);
  if (!is_valid_utf8(local)) return syntax_error("local part that is not UTF-8", skipped);
  for (std::size_t i = 0; i + 1 < local.size(); ++i) {  // U+0080 to U+009F
    if (local[i] == '\xc2' && static_cast<unsigned char>(local[i + 1]) < 0xa0)
      return syntax_error("control character in the local part", skipped + i);
  }
  auto domain = Domain::parse(text.substr(at + 1));
  if (!domain) return syntax_error(domain.error().text, skipped + at + 1 + domain.error().offset);
  return EmailAddress(std::move(local), *std::move(domain));
}

std::string EmailAddress::text() const {
  return quote_local_part(local_part_) + '@' + domain_.text();
}
bool EmailAddress::needs_smtputf8() const { return !is_ascii(local_part_); }
std::string EmailAddress::folded() const {
  return quote_local_part(lower_case(local_part_)) + '@' + domain_.text();
}

std::string path_text(const ReversePath& path) { return path ? '<' + path->text() + '>' : "<>"; }

std::expected<SplitPath, SyntaxError> split_path(std::string_view arguments) {
  std::size_t begin = 0;
  while (begin < arguments.size() && arguments[begin] == ' ') ++begin;
  if (begin == arguments.size() || arguments[begin] != '<')
    return syntax_error("address must stand in <angle brackets>", begin);
  bool quoted = false;
  for (std::size_t i = begin + 1; i < arguments.size(); ++i) {
    const char c = arguments[i];
    if (c == '"') quoted = !quoted;
    if (c == '\\' && quoted) ++i;
    if (c != '>' || quoted) continue;
    std::size_t rest = i + 1;
    if (rest < arguments.size() && arguments[rest] != ' ')
      return syntax_error("no blank after '>'", rest);
    while (rest < arguments.size() && arguments[rest] == ' ') ++rest;
    return SplitPath{arguments.substr(begin + 1, i - begin - 1), arguments.substr(rest)};
  }
  return syntax_error("no '>' at the end of the address", arguments.size());
}

std::string_view strip_source_route(std::string_view path) {
  if (!path.starts_with('@')) return path;
  bool literal = false;  // a colon inside of [IPv6:…] ends nothing
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '[') literal = true;
    if (path[i] == ']') literal = false;
    if (path[i] == ':' && !literal) return path.substr(i + 1);
  }
  return path;
}

std::string quote_local_part(std::string_view local_part) {
  if (is_dot_string(local_part)) return std::string(local_part);
  std::string out = "\"";
  for (const char c : local_part) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace postern::mail
