// relay/api/api.h: the HTTP API (docs/control-api.md, CONTRACT), for http listeners and for the
// unix sockets.
#pragma once

#include <memory>

#include "relay/api/router.h"
#include "relay/api/services.h"
#include "relay/config/snapshot.h"
#include "relay/http/connection.h"

namespace postern::http {

/// Asks who it is, finds the row (routes.h) and has it answered. One for each worker and kind of
/// socket; all methods on that worker's loop.
class Api final : public Application {
 public:
  /// Whom the socket lets in. On the sockets of this host there are no passwords: who could open
  /// `control` is an operator, and `submit` only takes messages.
  enum class Trust { by_password, control, submit };
  Api(Services services, Trust trust, std::shared_ptr<const relay::Snapshot> snapshot)
      : services_(services), trust_(trust), snapshot_(std::move(snapshot)) {}
  /// For the requests that begin from now on.
  void configure(std::shared_ptr<const relay::Snapshot> snapshot) {
    snapshot_ = std::move(snapshot);
  }

  Task<std::optional<Problem>> admit(Request& request) override;
  Task<Response> answer(Request request) override;

 private:
  Task<std::optional<Problem>> log_in(Request& request);
  Task<Answer> obey(const Call& call);
  Caller caller_of(const Request& request) const;
  bool is_near(const net::Address& peer) const;

  Services services_;
  Trust trust_;
  std::shared_ptr<const relay::Snapshot> snapshot_;
};

}  // namespace postern::http
