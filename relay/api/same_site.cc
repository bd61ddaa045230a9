// relay/api/same_site.cc: Origin against Host, Sec-Fetch-Site against what may change things.
#include "relay/api/same_site.h"

#include <algorithm>

#include "core/mail/encodings.h"

namespace postern::http {
namespace {

bool changes_something(std::string_view method) {
  return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

/// `null`, which is nobody's, has none.
std::string_view authority_of(std::string_view origin) {
  const std::size_t mark = origin.find("://");
  return mark == origin.npos ? std::string_view() : origin.substr(mark + 3);
}

}  // namespace

bool is_from_foreign_page(const Request& request) {
  if (!changes_something(request.method)) return false;
  const std::string_view site = request.field("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") return true;
  const std::string_view origin = request.field("origin");
  return !origin.empty() && !mail::equal_ignoring_case(authority_of(origin), request.field("host"));
}

bool is_forwarded(const Request& request) {
  return std::ranges::any_of(request.fields, [](const auto& field) {
    const std::string& name = field.first;
    return name == "forwarded" || name == "x-real-ip" || name.starts_with("x-forwarded-");
  });
}

}  // namespace postern::http
