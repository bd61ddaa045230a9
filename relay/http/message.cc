// relay/http/message.cc: fields and parameters by name, and errors in their one form (RFC 9457).
#include "relay/http/message.h"

#include <algorithm>

namespace postern::http {

std::string_view Request::field(std::string_view lower_name) const {
  const auto found = std::ranges::find(fields, lower_name, &Fields::value_type::first);
  return found == fields.end() ? std::string_view() : found->second;
}

std::optional<std::string> Request::parameter(std::string_view name) const {
  const auto found = std::ranges::find(query, name, &Fields::value_type::first);
  if (found == query.end()) return {};
  return found->second;
}

std::unexpected<Problem> refused(int status, std::string_view title, std::string_view detail) {
  return std::unexpected(Problem{status, std::string(title), std::string(detail)});
}

std::unexpected<Problem> bad_request(std::string_view detail) {
  return refused(400, "Bad Request", detail);
}

std::unexpected<Problem> unprocessable(std::string_view detail) {
  return refused(422, "Unprocessable Content", detail);
}

Response json_response(const Json& body, int status) {
  return {status, write_json(body), "application/json", {}};
}

Response to_response(const Problem& problem) {
  Json body = problem.members.is_object() ? problem.members : Json::object();
  body["type"] = "about:blank";
  body["title"] = problem.title;
  body["status"] = problem.status;
  if (!problem.detail.empty()) body["detail"] = problem.detail;
  return {problem.status, write_json(body), "application/problem+json", problem.fields};
}

Response to_response(Answer answer) {
  return answer ? *std::move(answer) : to_response(answer.error());
}

Response problem(int status, std::string_view title, std::string_view detail) {
  return to_response(Problem{status, std::string(title), std::string(detail)});
}

}  // namespace postern::http
