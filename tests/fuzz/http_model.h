// tests/fuzz/http_model.h: HTTP/1.1 framing as RFC 9112 tells it, without the code under test.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/assert.h"

namespace postern::fuzz {

inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

/// The values of all fields `name` (in lower case) of a head.
inline std::vector<std::string> fields(std::string_view head, std::string_view name) {
  std::vector<std::string> found;
  for (std::size_t at = head.find("\r\n"); at != head.npos && at + 2 < head.size();
       at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    const std::size_t colon = line.find(':');
    if (colon == line.npos || lower(line.substr(0, colon)) != name) continue;
    const std::string_view value = line.substr(colon + 1);
    const std::size_t begin = value.find_first_not_of(" \t");
    const std::size_t end = value.find_last_not_of(" \t");
    found.push_back(begin == value.npos ? "" : std::string(value.substr(begin, end - begin + 1)));
  }
  return found;
}

struct HttpRequest {
  std::string method, path, body;
};

/// The path of a request-target; of an absolute one what stands behind the authority.
inline std::string path_of(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (lower(target.substr(0, scheme.size())) != scheme) continue;
    target.remove_prefix(std::min(target.find_first_of("/?", scheme.size()), target.size()));
    if (!target.starts_with('/')) return "/";
  }
  return std::string(target.substr(0, target.find('?')));
}

/// The next request of `sent`, which is shortened by it; none where it is not complete, or can be
/// read in more than one way.
inline std::optional<HttpRequest> take_request(std::string_view& sent) {
  const std::size_t end = sent.find("\r\n\r\n");
  if (end == sent.npos) return {};
  const std::string_view head = sent.substr(0, end + 2);
  std::string_view rest = sent.substr(end + 4);
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const std::size_t blank = line.find(' ');
  if (blank == line.npos) return {};
  const std::size_t target_end = std::min(line.find(' ', blank + 1), line.size());
  HttpRequest request{std::string(line.substr(0, blank)),
                      path_of(line.substr(blank + 1, target_end - blank - 1)),
                      {}};
  const auto lengths = fields(head, "content-length");
  const auto codings = fields(head, "transfer-encoding");
  if (lengths.size() + codings.size() > 1) return {};
  if (!lengths.empty()) {
    const std::string& length = lengths.front();
    if (length.empty() || length.size() > 15 ||
        length.find_first_not_of("0123456789") != std::string::npos)
      return {};
    const auto size = std::stoull(length);
    if (size > rest.size()) return {};
    request.body = std::string(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  if (!codings.empty() && lower(codings.front()) != "chunked") return {};
  const bool is_chunked = !codings.empty();
  while (is_chunked) {
    const std::size_t line_end = rest.find("\r\n");
    if (line_end == rest.npos) return {};
    std::string_view text = rest.substr(0, rest.find_first_of("; \t\r\n"));
    if (text.empty() || text.find_first_not_of("0123456789abcdefABCDEF") != text.npos) return {};
    text.remove_prefix(std::min(text.find_first_not_of('0'), text.size() - 1));
    if (text.size() > 12) return {};
    if (rest.substr(0, line_end).find_first_of("\r\n") != rest.npos) return {};
    const auto size = std::stoull(std::string(text), nullptr, 16);
    rest.remove_prefix(line_end + 2);
    if (size == 0) break;
    if (rest.size() < size + 2 || rest.substr(size, 2) != "\r\n") return {};
    request.body += rest.substr(0, size);
    rest.remove_prefix(size + 2);
  }
  while (is_chunked) {  // trailers
    const std::size_t line_end = rest.find("\r\n");
    if (line_end == rest.npos) return {};
    rest.remove_prefix(line_end + 2);
    if (line_end == 0) break;
  }
  sent = rest;
  return request;
}

struct HttpResponse {
  int status = 0;
  std::string body;
};

/// The next response of `said` to a request by `method`, which is shortened by it.
inline HttpResponse take_response(std::string_view& said, bool is_head) {
  const std::size_t end = said.find("\r\n\r\n");
  POSTERN_ASSERT(end != said.npos && said.starts_with("HTTP/1.1 "));
  const std::string_view head = said.substr(0, end + 2);
  for (std::size_t i = 0; i < head.size(); ++i) {
    POSTERN_ASSERT(head[i] != '\0');
    if (head[i] == '\r') POSTERN_ASSERT(head[i + 1] == '\n');
    if (head[i] == '\n') POSTERN_ASSERT(i > 0 && head[i - 1] == '\r');
  }
  HttpResponse response{std::stoi(std::string(head.substr(9, 3))), {}};
  said.remove_prefix(end + 4);
  if (response.status == 100) return response;
  const auto lengths = fields(head, "content-length");
  POSTERN_ASSERT(lengths.size() == 1);
  // What was not understood was no HEAD, either, whatever it looks like.
  if (is_head && (said.empty() || said.starts_with("HTTP/1.1 "))) return response;
  const auto size = std::stoull(lengths.front());
  POSTERN_ASSERT(size <= said.size());
  response.body = std::string(said.substr(0, size));
  said.remove_prefix(size);
  return response;
}

}  // namespace postern::fuzz
