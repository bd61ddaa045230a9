// relay/server/api_services.h: what the API asks of the gateway, answered by a worker and the house
// (relay/api/services.h).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "relay/api/api.h"
#include "relay/worker/worker.h"

namespace postern::relay {

/// What only the server as a whole can do. Callable from any worker's loop.
struct ServerHooks {
  std::function<std::string()> trouble;  ///< why new mail cannot be taken; empty: it can
  std::function<Task<http::Answer>()> reload;
  std::function<std::string()> redis_kind;
};

/// The queue by a worker's connection, with the deliveries that an action touches.
class OperatorQueue final : public http::QueueService {
 public:
  OperatorQueue(Worker& worker, House& house) : worker_(worker), house_(house) {}

  Task<std::vector<queue::MessageRow>> list(queue::Filter filter, std::size_t limit) override;
  Task<std::optional<queue::MessageRow>> show(queue::QueueId id) override;
  Task<std::optional<std::string>> content(queue::QueueId id) override;
  Task<std::optional<queue::Timeline>> history(queue::QueueId id) override;
  Task<std::vector<queue::Timeline>> search(queue::Sought sought, std::size_t limit) override;
  Task<queue::ActionResult> apply(queue::Action action, queue::QueueId id) override;
  void forget_trouble() override;
  void wake() override;

 private:
  Worker& worker_;
  House& house_;
};

/// The accounts of the house.
class OperatorAccounts final : public http::AccountService {
 public:
  explicit OperatorAccounts(House& house) : house_(house) {}
  Task<http::Answer> run(AccountHandler handler, const AccountRequest& request) override;

 private:
  House& house_;
};

/// The server as one of its workers sees it.
class ServerView final : public http::ServerService {
 public:
  ServerView(Worker& worker, House& house, const ServerHooks& hooks,
             std::shared_ptr<const Snapshot> snapshot)
      : worker_(worker), house_(house), hooks_(hooks), snapshot_(std::move(snapshot)) {}
  void configure(std::shared_ptr<const Snapshot> snapshot) { snapshot_ = std::move(snapshot); }

  std::string trouble() const override { return hooks_.trouble(); }
  Task<http::Status> status() override;
  Task<http::Answer> reload() override { return hooks_.reload(); }

 private:
  Task<> look_at_queue(http::Status& status);

  Worker& worker_;
  House& house_;
  const ServerHooks& hooks_;
  std::shared_ptr<const Snapshot> snapshot_;
};

/// An API with all that it asks, on its worker's loop. The worker has been started.
class WorkerApi {
 public:
  WorkerApi(Worker& worker, House& house, const ServerHooks& hooks,
            std::shared_ptr<const Snapshot> snapshot, http::Api::Trust trust)
      : queue_(worker, house),
        accounts_(house),
        server_(worker, house, hooks, snapshot),
        api_({queue_, accounts_, server_, worker.intake(), house.logins}, trust,
             std::move(snapshot)) {}
  http::Application& application() { return api_; }
  /// On the worker's loop.
  Task<> configure(std::shared_ptr<const Snapshot> snapshot) {
    server_.configure(snapshot);
    api_.configure(std::move(snapshot));
    co_return;
  }

 private:
  OperatorQueue queue_;
  OperatorAccounts accounts_;
  ServerView server_;
  http::Api api_;
};

}  // namespace postern::relay
