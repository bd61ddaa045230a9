// relay/api/api.h: the HTTP API (docs/control-api.md, CONTRACT), for http listeners and for the
// control socket.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "core/error.h"
#include "core/json.h"
#include "relay/api/message_request.h"
#include "relay/http/connection.h"
#include "relay/worker/worker.h"

namespace postern::http {

/// What only the server as a whole can do.
struct ServerHooks {
  /// None when all is well, else why new mail cannot be taken.
  std::function<std::string()> trouble;
  std::function<Task<Response>()> reload;
  std::function<std::string()> redis_kind;
};

/// One for each worker and kind. On the sockets of this host there are no passwords:
/// who could open `control` is an operator, and `submit` only takes messages.
class Api final : public Application {
 public:
  enum class Trust { by_password, control, submit };
  Api(relay::Worker& worker, relay::House& house, const ServerHooks& hooks, Trust trust)
      : worker_(worker), house_(house), hooks_(hooks), trust_(trust) {}
  void configure(std::shared_ptr<const relay::Snapshot> snapshot) {
    snapshot_ = std::move(snapshot);
  }
  /// The same for on_loop.
  Task<> configure_here(std::shared_ptr<const relay::Snapshot> snapshot) {
    configure(std::move(snapshot));
    co_return;
  }

  Task<std::optional<Response>> admit(Request& request) override;
  Task<Response> answer(Request request) override;

 private:
  Task<Response> obey(const Request& request);
  bool is_operator(const Request& request) const;
  bool is_near(const net::Address& peer) const;
  Response health(const Request& request) const;

  // messages.cc
  Task<Response> take_message(const Request& request);
  Task<Response> submit(const Request& request, Submission message,
                        std::set<std::string> own_addresses = {});
  std::string idempotency_key(const Request& request) const;
  Task<Response> timeline(const Request& request, std::string_view id);
  Task<Response> find_messages(const Request& request);
  // local_submission.cc
  Task<Response> take_from_socket(const Request& request);
  // queue.cc
  Task<Response> queue(const Request& request, std::string_view rest);
  Task<Response> queue_list(const Request& request);
  Task<Response> queue_action(const Request& request, std::string_view action);
  Task<Response> raw(queue::QueueId id);
  // status.cc
  struct QueueView;
  Task<Response> status();
  Task<QueueView> look_at_queue();
  Json view_of_listeners() const;
  Task<Json> view_of_certificates();
  Task<Response> accounts(const Request& request, std::string_view method);

  relay::Worker& worker_;
  relay::House& house_;
  const ServerHooks& hooks_;
  Trust trust_;
  std::shared_ptr<const relay::Snapshot> snapshot_;
};

}  // namespace postern::http
