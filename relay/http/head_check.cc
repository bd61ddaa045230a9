// relay/http/head_check.cc: a request is understood in one way or not at all.
#include "relay/http/head_check.h"

#include <algorithm>
#include <string>

namespace postern::http {
namespace {

using Verdict = std::expected<void, HeadRefusal>;

Verdict refuse(std::string_view why, int status = 400) {
  return std::unexpected(HeadRefusal{status, std::string(why)});
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_field_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet == '\t' || (octet >= 0x20 && octet != 0x7f);
  });
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 15 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return out;
}

std::string_view trim(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// A host and maybe a port; no user, whom a reader could take for the host (RFC 9110 §4.2.4).
bool is_authority(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~:[]").find(c) != std::string_view::npos;
  });
}

/// What the fields say about where the message ends and whom it is for.
struct Framing {
  int hosts = 0, lengths = 0, codings = 0;
};

Verdict check_request_line(std::string_view line, bool& is_http_1_1) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == line.npos || first == last) return refuse("not a request line");
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(line.substr(0, first))) return refuse("not a method");
  const bool is_visible = std::ranges::all_of(target, [](char c) { return c > 0x20 && c < 0x7f; });
  if (!is_visible || !origin_form(target)) return refuse("not a path");
  if (target == "*" && line.substr(0, first) != "OPTIONS") return refuse("not a path");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return refuse("not HTTP/1.1");
  is_http_1_1 = version == "HTTP/1.1";
  return {};
}

Verdict check_field(std::string_view line, Framing& framing) {
  if (line.size() > longest_field) return refuse("field too long", 431);
  const std::size_t colon = line.find(':');
  if (line.front() == ' ' || line.front() == '\t') return refuse("folded field");
  if (colon == line.npos || !is_token(line.substr(0, colon))) {
    return refuse("not a field name");
  }
  const std::string name = lower(line.substr(0, colon));
  const std::string_view value = trim(line.substr(colon + 1));
  if (!is_field_text(value)) return refuse("control character in a field");
  if (name == "host") ++framing.hosts;
  if (name == "content-length") {
    ++framing.lengths;
    if (!is_number(value)) return refuse("not a length");
  }
  if (name == "transfer-encoding") {
    ++framing.codings;
    if (lower(value) != "chunked") return refuse("transfer coding other than chunked");
  }
  return {};
}

}  // namespace

std::optional<std::string> origin_form(std::string_view target) {
  if (target.starts_with('/') || target == "*") return std::string(target);
  const std::string scheme = lower(target.substr(0, target.find(':')));
  if (scheme != "http" && scheme != "https") return {};
  std::string_view rest = target.substr(scheme.size());
  if (!rest.starts_with("://")) return {};
  rest.remove_prefix(3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  if (!is_authority(authority)) return {};
  rest.remove_prefix(authority.size());
  return rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
}

std::expected<void, HeadRefusal> check_head(std::string_view head) {
  Framing framing;
  bool is_http_1_1 = false;
  std::size_t offset = 0, count = 0;
  for (;;) {
    const std::size_t end = head.find_first_of("\r\n", offset);
    if (end == head.npos || head.substr(end, 2) != "\r\n") return refuse("bare CR or LF");
    const std::string_view line = head.substr(offset, end - offset);
    offset = end + 2;
    if (line.empty() && count > 0) break;
    if (line.empty()) return refuse("empty request line");
    const Verdict verdict =
        count == 0 ? check_request_line(line, is_http_1_1) : check_field(line, framing);
    if (!verdict) return verdict;
    if (++count > most_fields) return refuse("too many fields", 431);
  }
  if (offset != head.size()) return refuse("octets after the head");
  if (framing.hosts > 1 || (is_http_1_1 && framing.hosts == 0)) return refuse("one Host is due");
  if (framing.lengths > 1 || framing.codings > 1 || (framing.lengths > 0 && framing.codings > 0)) {
    return refuse("two lengths");
  }
  if (framing.codings > 0 && !is_http_1_1) return refuse("chunked in HTTP/1.0");
  return {};
}

}  // namespace postern::http
