// relay/http/connection.h: HTTP/1.1 on a stream: requests in, responses out (RFC 9112).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/async/task.h"
#include "core/net/idle_sessions.h"
#include "core/net/stream.h"
#include "relay/http/message.h"

namespace postern::http {

/// What answers requests. Lives longer than the connections. An IoError is answered with 503, any
/// other exception is logged and answered with 500.
class Application {
 public:
  virtual ~Application() = default;
  /// Looks at the head, before a body is read: a problem refuses the request.
  virtual Task<std::optional<Problem>> admit(Request& request) = 0;
  virtual Task<Response> answer(Request request) = 0;
};

/// Bounds of one request.
struct RequestLimits {
  std::size_t head = 64 << 10;                                    ///< octets
  std::uint64_t body = 64 << 20;                                  ///< octets
  std::chrono::milliseconds idle = std::chrono::seconds(60);      ///< until the head is there
  std::chrono::milliseconds body_time = std::chrono::minutes(5);  ///< for the whole body
};

/// Serves requests until the peer leaves, or sends what cannot be read in exactly one way.
Task<> serve(net::Stream stream, Application& application, RequestLimits limits,
             net::IdleSessions& idle);

}  // namespace postern::http
