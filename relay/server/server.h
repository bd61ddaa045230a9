// relay/server/server.h: the gateway: Redis, workers, listeners, reload and shutdown.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/async/on_loop.h"
#include "core/async/sync.h"
#include "core/async/task_group.h"
#include "queue/node/heartbeat.h"
#include "queue/node/managed_redis.h"
#include "relay/config/config.h"
#include "relay/server/api_services.h"
#include "relay/server/process.h"
#include "relay/worker/worker.h"

namespace postern::relay {

/// A thread that runs a loop until told to stop.
class LoopThread {
 public:
  LoopThread();
  ~LoopThread();
  Loop& loop() { return *loop_; }

 private:
  Loop* loop_ = nullptr;
  std::thread thread_;
};

/// Lives on the main thread's loop, which is the first worker's, too.
class Server {
 public:
  Server(Loop& loop, std::shared_ptr<const Config> config);
  ~Server();

  /// Starts, serves until SIGTERM or SIGINT, stops; gives the exit status.
  Task<int> run();

 private:
  enum class Wish { stop, reload };

  Task<bool> start_unless_stopped();
  Task<> cancel_when_stopped(CancelScope& starting);
  Task<> start();
  redis::Url redis_url() const;
  Task<> live();
  Task<> stop();
  Task<> stop_workers();
  Task<> finish_control_sessions(std::chrono::milliseconds grace);

  // sockets.cc
  std::unique_ptr<WorkerApi> make_api(Worker& worker, http::Api::Trust trust);
  void open_control_socket();
  void open_submit_socket();
  void close_unix_sockets();
  net::Listener listen_here(const std::string& path, http::Application& api);

  // reload.cc
  Task<http::Answer> reload();
  void require_unused_addresses(const Config& wanted, const Config* ours) const;
  Task<> apply(std::shared_ptr<const Snapshot> snapshot);
  Task<> bound_queue(const queue::Config& queue);

  // upkeep.cc
  void begin_upkeep();
  /// Takes the step again and again, as long as we serve; `trouble` is how the log calls its
  /// failure.
  void keep_going(std::chrono::milliseconds pause, std::string_view trouble,
                  Task<> (Server::*step)());
  Task<> look_at_certificate();
  Task<> give_memory_back();
  Task<> purge_removed_accounts() { return house_->purge_removed_accounts(); }

  std::string trouble() const;
  /// One step of all workers, side by side.
  template <class Step>
  Task<> on_each(Step step) {
    TaskGroup group;
    for (const auto& worker : workers_) {
      group.spawn(on_loop(worker->loop(), Task<>(step(*worker))));
    }
    co_await group.join();
  }

  Loop& loop_;
  std::shared_ptr<const Config> config_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::unique_ptr<queue::ManagedRedis> redis_;
  std::unique_ptr<House> house_;
  std::vector<std::unique_ptr<LoopThread>> threads_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<queue::Heartbeat> heartbeat_;
  ServerHooks hooks_;
  std::vector<std::unique_ptr<WorkerApi>> apis_;  ///< one for each worker
  std::unique_ptr<WorkerApi> control_, submit_;   ///< the first worker's
  net::IdleSessions control_idle_;
  TaskGroup control_sessions_, background_;
  std::optional<net::Listener> control_listener_, submit_listener_;
  Channel<Wish> wishes_{16};
  bool is_reload_due_ = false;  ///< asked for during the start
  Mutex reloading_;
  std::filesystem::file_time_type certificate_changed_;  ///< of what is in use
};

}  // namespace postern::relay
