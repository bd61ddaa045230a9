// relay/http/message.h: what is asked over HTTP and what is answered (RFC 9110); errors are values.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json.h"
#include "core/net/address.h"
#include "policy/accounts.h"

namespace postern::http {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;
  std::string path;      ///< percent-decoded, without the query
  std::string raw_path;  ///< as it came, without the query
  Fields query;          ///< decoded, in order
  Fields fields;         ///< names in lower case
  std::string body;
  net::Address peer;
  std::optional<unsigned> user;            ///< at the other end of a unix socket
  std::optional<policy::Account> account;  ///< set by Application::admit

  std::string_view field(std::string_view lower_name) const;          ///< empty if absent
  std::optional<std::string> parameter(std::string_view name) const;  ///< the first of the query
};

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  Fields fields;
};

/// Why a request is refused, as RFC 9457 tells it.
struct Problem {
  int status = 500;
  std::string title;       ///< what kind of problem it is: the same for all of its kind
  std::string detail;      ///< words for a person about this one; may be empty
  Json members = nullptr;  ///< an object of what else a program may read (§3.2), or null
  Fields fields = {};      ///< of the response: Allow, WWW-Authenticate
};

/// What a handler gives.
using Answer = std::expected<Response, Problem>;

/// For a handler's `co_return`.
std::unexpected<Problem> refused(int status, std::string_view title, std::string_view detail = {});
/// 400: the request is not understood.
std::unexpected<Problem> bad_request(std::string_view detail);
/// 422: it is understood and cannot be done.
std::unexpected<Problem> unprocessable(std::string_view detail);

/// Whatever octets peers sent, the text is valid JSON.
Response json_response(const Json& body, int status = 200);

/// application/problem+json.
Response to_response(const Problem& problem);
Response to_response(Answer answer);
Response problem(int status, std::string_view title, std::string_view detail = {});

}  // namespace postern::http
