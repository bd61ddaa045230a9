// relay/http/route_pattern.cc: a path and a pattern, segment by segment.
#include "relay/http/route_pattern.h"

#include <algorithm>

#include "core/assert.h"
#include "core/percent.h"

namespace postern::http {
namespace {

std::vector<std::string_view> split(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  std::vector<std::string_view> segments;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    segments.push_back(path.substr(start, end - start));
    start = end + 1;
  }
  return segments;
}

bool is_capture(std::string_view segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}

}  // namespace

std::optional<Segments> split_path(std::string_view raw_path) {
  Segments segments;
  for (const std::string_view segment : split(raw_path)) {
    auto decoded = percent_decode(segment);
    if (!decoded) return {};
    segments.push_back(std::move(*decoded));
  }
  return segments;
}

const std::string* Captures::find(std::string_view name) const {
  const auto found = std::ranges::find(values_, name, &decltype(values_)::value_type::first);
  return found == values_.end() ? nullptr : &found->second;
}

const std::string& Captures::operator[](std::string_view name) const {
  const std::string* const value = find(name);
  POSTERN_ASSERT(value != nullptr);
  return *value;
}

std::optional<Captures> match(std::string_view pattern, const Segments& path) {
  const auto wanted = split(pattern);
  if (wanted.size() != path.size()) return {};
  Captures captures;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (!is_capture(wanted[i])) {
      if (wanted[i] != path[i]) return {};
    } else {
      if (path[i].empty()) return {};
      captures.add(wanted[i].substr(1, wanted[i].size() - 2), path[i]);
    }
  }
  return captures;
}

bool is_same_family(std::string_view pattern, const Segments& path) {
  const auto wanted = split(pattern);
  return wanted.size() >= 2 && path.size() >= 2 && wanted[0] == path[0] && wanted[1] == path[1];
}

}  // namespace postern::http
