// relay/accounts/account_admin.cc: takes a request apart and finds who answers it.
#include "relay/accounts/account_admin.h"

#include "core/percent.h"
#include "relay/accounts/account_operations.h"
#include "relay/config/config.h"

namespace postern::relay {

namespace {

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    segments.push_back(path.substr(start, end - start));
    start = end + 1;
  }
  return segments;
}

bool matches(std::string_view pattern, const std::vector<std::string_view>& segments) {
  const auto wanted = split(pattern);
  return std::ranges::equal(wanted, segments, [](auto want, auto have) {
    return want == "*" ? !have.empty() : want == have;
  });
}

constexpr std::string_view prefix = "/v1/";

}  // namespace

bool is_account_path(std::string_view path) {
  if (!path.starts_with(prefix)) return false;
  const std::string_view family = split(path.substr(prefix.size())).front();
  return family == "accounts" || family == "aliases";
}

std::string methods_of_account_path(std::string_view path) {
  const auto segments = split(path.substr(prefix.size()));
  std::string methods;
  for (const AdminOperation& operation : admin_operations()) {
    if (!matches(operation.path, segments)) continue;
    methods += std::string(operation.method) + (operation.method == "GET" ? ", HEAD, " : ", ");
  }
  return methods.empty() ? methods : methods + "OPTIONS";
}

LocalDomains local_domains(const Config& config) {
  return {[&config](const mail::Domain& domain) { return config.domains.contains(domain.text()); },
          config.hostname};
}

AdminAnswer administer(policy::Accounts& accounts, const LocalDomains& domains,
                       std::string_view method, std::string_view path, std::string_view body) {
  if (!is_account_path(path)) return problem(404, "Not found", "no such path");
  const auto segments = split(path.substr(prefix.size()));
  AdminRequest request{
      accounts, domains, {}, body.empty() ? Json::object() : without_nulls(parse_json(body))};
  if (!request.body.is_object()) return problem(400, "Not JSON", "the body is no JSON object");
  for (const auto segment : segments) {
    auto decoded = percent_decode(segment);
    if (!decoded) return problem(400, "Bad path", "a % without two hexadecimal digits");
    request.segments.push_back(std::move(*decoded));
  }
  bool path_exists = false;
  for (const AdminOperation& operation : admin_operations()) {
    if (!matches(operation.path, segments)) continue;
    path_exists = true;
    if (operation.method != method) continue;
    if (const auto mistake = mistake_in(request.body, operation.fields)) {
      return problem(400, "Bad request", *mistake);
    }
    try {
      return operation.handler(request);
    } catch (const BadRequest& bad) {
      return problem(422, "Not allowed", bad.text);
    }
  }
  return path_exists ? problem(405, "Method not allowed", "that method is not for this path")
                     : problem(404, "Not found", "no such path");
}

}  // namespace postern::relay
