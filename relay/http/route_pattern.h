// relay/http/route_pattern.h: paths with captures, such as /v1/messages/{id}. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::http {

/// Of a path: what stands between its slashes, decoded.
using Segments = std::vector<std::string>;

/// "/v1/accounts/ann%40x" → {"v1", "accounts", "ann@x"}: what is split is the path as it came, so
/// that an encoded slash belongs to its segment (RFC 3986 §2.2). None where a `%` is not followed
/// by two hexadecimal digits.
std::optional<Segments> split_path(std::string_view raw_path);

/// What the names of a pattern stand for in a path.
class Captures {
 public:
  void add(std::string_view name, std::string value) {
    values_.emplace_back(name, std::move(value));
  }
  /// Null: the pattern has no such name.
  const std::string* find(std::string_view name) const;
  /// The pattern has the name.
  const std::string& operator[](std::string_view name) const;

 private:
  std::vector<std::pair<std::string_view, std::string>> values_;  // names are the pattern's
};

/// `{name}` takes a segment that is not empty; all else stands for itself. `pattern` outlives the
/// captures.
std::optional<Captures> match(std::string_view pattern, const Segments& path);

/// Do they begin with the same two segments, "/v1/queue"? A path may lie in a family without
/// matching any of its patterns.
bool is_same_family(std::string_view pattern, const Segments& path);

}  // namespace postern::http
