// relay/server/server.cc: builds the house from the ground up, and takes it down from the roof.
#include "relay/server/server.h"

#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <future>

#include "core/async/guarded.h"
#include "core/async/timer.h"
#include "core/log.h"
#include "relay/config/instance_user.h"
#include "relay/server/serve.h"

namespace postern::relay {
namespace {

void make_folders(const Config& config) {
  std::error_code error;
  for (const auto& folder : {config.data_dir, config.data_dir / "mailboxes",
                             config.data_dir / "scratch", config.queue.spool}) {
    std::filesystem::create_directories(folder, error);
    if (error) throw IoError("cannot make " + folder.string() + ": " + error.message());
  }
}

}  // namespace

LoopThread::LoopThread() {
  std::promise<Loop*> made;
  auto known = made.get_future();
  thread_ = std::thread([&made] {
    Loop loop;
    made.set_value(&loop);
    loop.run();
  });
  loop_ = known.get();
}

LoopThread::~LoopThread() {
  loop_->stop();
  thread_.join();
}

Server::Server(Loop& loop, std::shared_ptr<const Config> config)
    : loop_(loop), config_(std::move(config)) {
  hooks_.trouble = [this] { return trouble(); };
  hooks_.reload = [this] { return on_loop(loop_, reload()); };
  hooks_.redis_kind = [this] {
    return std::string(config_->queue.is_managed() ? "managed" : "external");
  };
}

Server::~Server() = default;

Task<int> Server::run() {
  const Signal terminate(loop_, SIGTERM, [this] { wishes_.try_send(Wish::stop); });
  const Signal interrupt(loop_, SIGINT, [this] { wishes_.try_send(Wish::stop); });
  const Signal hang_up(loop_, SIGHUP, [this] { wishes_.try_send(Wish::reload); });
  std::string failure;
  bool has_started = false;
  try {
    has_started = co_await start_unless_stopped();
  } catch (const IoError& error) {
    failure = error.what();
  }
  if (has_started) {
    co_await live();
  } else if (!failure.empty()) {
    log::error("start_failed", {{"error", failure}});
  }
  notify_systemd("STOPPING=1");
  co_await stop();
  co_return failure.empty() ? 0 : 1;
}

/// False: told to stop before everything was up, which may take long while Redis is away.
Task<bool> Server::start_unless_stopped() {
  CancelScope starting(co_await this_scope());
  TaskGroup watch;
  watch.spawn(cancel_when_stopped(starting));
  Task<> task = start();
  task.handle().promise().scope = &starting;
  std::exception_ptr failure;
  bool was_stopped = false;
  try {
    co_await std::move(task);
  } catch (const Cancelled&) {
    was_stopped = true;
  } catch (...) {
    failure = std::current_exception();
  }
  co_await watch.close();
  if (failure) std::rethrow_exception(failure);
  co_return !was_stopped && !starting.is_cancelled();
}

/// A reload that is asked for meanwhile comes after the start.
Task<> Server::cancel_when_stopped(CancelScope& starting) {
  while (const auto wish = co_await wishes_.receive()) {
    if (*wish == Wish::stop) {
      starting.cancel();
      co_return;
    }
    is_reload_due_ = true;
  }
}

redis::Url Server::redis_url() const {
  if (redis_) return redis_->url();
  if (config_->queue.redis.size() > 1) throw IoError("queue.redis: shards are not supported yet");
  const auto* url = std::get_if<queue::RedisUrl>(&config_->queue.redis.front());
  if (url == nullptr) throw IoError("queue.redis: sentinels are not supported yet");
  auto parsed = redis::Url::parse(url->text);
  if (!parsed) throw IoError("queue.redis: " + parsed.error().text);
  return std::move(*parsed);
}

Task<> Server::start() {
  for (const std::string& warning : config_->warnings) log::warn("config", {{"text", warning}});
  make_folders(*config_);
  auto snapshot = Snapshot::make(config_);
  if (!snapshot) throw IoError(snapshot.error());
  snapshot_ = std::move(*snapshot);
  house_ = std::make_unique<House>(*config_);
  if (config_->queue.is_managed()) {
    redis_ = std::make_unique<queue::ManagedRedis>(
        loop_, queue::ManagedRedis::Settings{.data_dir = config_->data_dir,
                                             .memory_limit = config_->queue.memory_limit});
    co_await redis_->start();
  }
  const redis::Url url = redis_url();
  require_unused_addresses(*config_, nullptr);
  workers_.push_back(std::make_unique<Worker>(loop_, *house_, 0));
  for (unsigned index = 1; index < config_->worker_count(); ++index) {
    threads_.push_back(std::make_unique<LoopThread>());
    workers_.push_back(std::make_unique<Worker>(threads_.back()->loop(), *house_, index));
  }
  co_await on_each([&](Worker& worker) { return worker.open(snapshot_, url); });
  for (const auto& worker : workers_) {
    house_->couriers.push_back(&worker->courier());
    house_->mailboxes.add(worker->hub());
  }
  heartbeat_ = std::make_unique<queue::Heartbeat>(
      workers_.front()->queue(),
      queue::Heartbeat::Settings{.memory_limit = config_->queue.memory_limit,
                                 .disk_reserve = config_->queue.disk_reserve});
  co_await heartbeat_->start();
  co_await on_each([](Worker& worker) { return worker.start(); });
  for (const auto& worker : workers_) {
    apis_.push_back(make_api(*worker, http::Api::Trust::by_password));
    worker->answer_http(apis_.back()->application());
  }
  open_control_socket();
  open_submit_socket();
  co_await on_each([](Worker& worker) { return worker.listen(); });
}

Task<> Server::live() {
  begin_upkeep();
  log::info("ready", {{"hostname", config_->hostname}, {"workers", workers_.size()}});
  notify_systemd("READY=1");
  if (is_reload_due_) wishes_.try_send(Wish::reload);
  while (const auto wish = co_await wishes_.receive()) {
    if (*wish == Wish::stop) break;
    const auto answer = co_await reload();
    if (!answer) {
      log::error("reload_refused", {{"answer", http::to_response(answer.error()).body}});
    }
  }
}

Task<> Server::stop() {
  log::info("stopping");
  co_await guarded(background_.close(), "stop_failed");
  close_unix_sockets();
  co_await stop_workers();
  if (heartbeat_) co_await guarded(heartbeat_->stop(), "stop_failed");
  co_await on_each([](Worker& worker) { return worker.close_mailboxes(); });
  heartbeat_.reset();
  control_.reset();
  submit_.reset();
  apis_.clear();
  co_await on_each([](Worker& worker) { return worker.close(); });
  workers_.clear();
  threads_.clear();
  if (redis_) co_await redis_->stop();  // last: the final settlements went to it
  house_.reset();
  log::info("stopped");
}

/// Nobody new; those who are about to get a 250 get it; deliveries end or go back.
Task<> Server::stop_workers() {
  const auto deadline = loop_.now() + config_->shutdown_grace;
  co_await on_each([](Worker& worker) { return worker.stop_listening(); });
  const auto left = [&] {
    return std::max(std::chrono::milliseconds(100),
                    std::chrono::duration_cast<std::chrono::milliseconds>(deadline - loop_.now()));
  };
  co_await on_each([&](Worker& worker) { return worker.finish_sessions(left()); });
  co_await finish_control_sessions(left());
  co_await on_each([&](Worker& worker) { return worker.stop_deliveries(left()); });
  co_await on_each([](Worker& worker) { return worker.stop_courier(); });
}

/// They may be about to commit a message, which a dispatcher that has stopped could not take.
Task<> Server::finish_control_sessions(std::chrono::milliseconds grace) {
  try {
    co_await with_timeout(grace, control_sessions_.join());
  } catch (const std::exception& error) {
    log::warn("control_sessions_cut_off", {{"error", error.what()}});
  }
  co_await guarded(control_sessions_.close(), "stop_failed");
}

std::string Server::trouble() const {
  if (house_->node.is_full()) return "the queue is full";
  return workers_.front()->queue().trouble();
}

namespace {

/// What a process settles before it has threads or opens anything of the instance's.
void settle_process(const Config& config) {
  keep_huge_blocks_apart();
  raise_descriptor_limit();
  write_no_core();
  ::umask(
      0077);  // mailboxes, queue and spool are nobody else's to read; SQLite and Redis ask no more
  if (const auto user = instance_user(config)) make_submit_folder(*user);
  become_instance_user(config, Kept::low_ports);
}

}  // namespace

int serve(const std::filesystem::path& config_file) {
  auto config = load_config(config_file);
  if (!config) {
    for (const auto& error : config.error()) {
      std::fprintf(stderr, "%s\n", error.message().c_str());
    }
    return 1;
  }
  log::configure((*config)->log_level, (*config)->log_format);
  try {
    settle_process(**config);
    make_folders(**config);
    const DataLock lock((*config)->data_dir);
    Loop loop;
    Server server(loop, std::move(*config));
    return loop.run_until_done(server.run());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "postern: %s\n", error.what());
    return 1;
  }
}

}  // namespace postern::relay
