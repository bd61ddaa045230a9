// relay/http/connection.h: HTTP/1.1 on a stream: requests in, responses out (RFC 9112).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/async/task.h"
#include "core/net/idle_sessions.h"
#include "core/net/stream.h"
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

/// An error as RFC 9457 wants it.
Response problem(int status, std::string_view title, std::string_view detail = {});

/// What answers requests. Lives longer than the connections. An IoError is answered with 503, any
/// other exception is logged and answered with 500.
class Application {
 public:
  virtual ~Application() = default;
  /// Looks at the head, before a body is read: a response refuses the request.
  virtual Task<std::optional<Response>> admit(Request& request) = 0;
  virtual Task<Response> answer(Request request) = 0;
};

struct Limits {
  std::size_t head = 64 << 10;
  std::uint64_t body = 64 << 20;
  std::chrono::milliseconds idle = std::chrono::seconds(60);
  std::chrono::milliseconds body_time = std::chrono::minutes(5);
};

/// Serves requests until the peer leaves, or sends what cannot be read in exactly one way.
Task<> serve(net::Stream stream, Application& application, Limits limits, net::IdleSessions& idle);

}  // namespace postern::http
