// relay/server/server.cc: builds the house from the ground up, and takes it down from the roof.
#include "relay/server/server.h"

#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <future>
#include <set>

#include "core/async/every.h"
#include "core/async/guarded.h"
#include "core/json.h"
#include "core/log.h"
#include "relay/serve.h"

namespace postern::relay {
namespace {

constexpr std::chrono::seconds certificate_interval{10};
constexpr std::chrono::minutes trim_interval{1};
constexpr std::chrono::hours purge_interval{1};
constexpr mode_t owner_only = 0600, everyone = 0666, open_to_all = 0755;
constexpr std::size_t longest_local_head = 512 << 10;  // an envelope of 1,000 long addresses
constexpr const char* submit_socket = "/run/postern/submit.sock";

http::Response as_response(const Json& body, int status) {
  return {
      status, write_json(body), status < 400 ? "application/json" : "application/problem+json", {}};
}

std::filesystem::file_time_type changed_at(const Tls& tls) {
  std::error_code error;
  const auto certificate = std::filesystem::last_write_time(tls.certificate, error);
  const auto key = std::filesystem::last_write_time(tls.key, error);
  return std::max(certificate, key);
}

/// Does somebody listen on this unix socket already?
bool is_answered(const std::string& path) {
  sockaddr_storage storage{};
  const socklen_t length = net::Address::unix_socket(path).to_sockaddr(storage);
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool answered =
      ::connect(descriptor, reinterpret_cast<const sockaddr*>(&storage), length) == 0;
  ::close(descriptor);
  return answered;
}

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
  hooks_.reload = [this] { return reload(); };
  hooks_.redis_kind = [this] {
    return std::string(config_->queue.is_managed() ? "managed" : "external");
  };
}

Server::~Server() = default;

template <class Step>
Task<> Server::on_each(Step step) {
  TaskGroup group;
  for (const auto& worker : workers_) {
    group.spawn(on_loop(worker->loop(), Task<>(step(*worker))));
  }
  co_await group.join();
}

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
    apis_.push_back(
        std::make_unique<http::Api>(*worker, *house_, hooks_, http::Api::Trust::by_password));
    apis_.back()->configure(snapshot_);
  }
  heartbeat_ = std::make_unique<queue::Heartbeat>(
      workers_.front()->queue(),
      queue::Heartbeat::Settings{.memory_limit = config_->queue.memory_limit,
                                 .disk_reserve = config_->queue.disk_reserve});
  co_await heartbeat_->start();
  co_await on_each([&](Worker& worker) { return worker.start(*apis_[worker.index()]); });
  open_control_socket();
  open_submit_socket();
  co_await on_each([](Worker& worker) { return worker.listen(); });
}

net::Listener Server::listen_here(const std::string& path, http::Api& api) {
  return net::Listener(
      loop_, net::Address::unix_socket(path),
      [this, &api](net::Stream stream) {
        http::Limits limits;
        limits.body = snapshot_->config->limits.message_size + 64 * 1024;
        limits.head = longest_local_head;
        return http::serve(std::move(stream), api, limits, control_idle_);
      },
      control_sessions_);
}

void Server::open_control_socket() {
  control_ =
      std::make_unique<http::Api>(*workers_.front(), *house_, hooks_, http::Api::Trust::control);
  control_->configure(snapshot_);
  const std::string path = config_->control_socket().string();
  control_listener_.emplace(listen_here(path, *control_));  // as serve's umask wants it: for us
  ::chmod(path.c_str(), owner_only);
}

/// Where programs of this host hand in mail (`sendmail`). One gateway of a host has it; without the
/// folder, nobody.
void Server::open_submit_socket() {
  submit_ =
      std::make_unique<http::Api>(*workers_.front(), *house_, hooks_, http::Api::Trust::submit);
  submit_->configure(snapshot_);
  const std::string path = submit_socket;
  std::error_code ignored;  // listening says it better
  const auto folder = std::filesystem::path(path).parent_path();
  if (std::filesystem::create_directories(folder, ignored)) ::chmod(folder.c_str(), open_to_all);
  if (is_answered(path)) return;
  try {
    submit_listener_.emplace(listen_here(path, *submit_));
    ::chmod(path.c_str(), everyone);
  } catch (const IoError& error) {
    log::debug("no_submit_socket", {{"error", error.what()}});
  }
}

void Server::keep_going(std::chrono::milliseconds pause, std::string_view trouble,
                        Task<> (Server::*step)()) {
  background_.spawn(every(
      pause, [this, step] { return (this->*step)(); },
      [trouble](const std::exception& error) { log::warn(trouble, {{"error", error.what()}}); }));
}

Task<> Server::live() {
  certificate_changed_ = changed_at(snapshot_->config->tls);
  keep_going(certificate_interval, "certificate_not_read", &Server::look_at_certificate);
  keep_going(trim_interval, "memory_not_trimmed", &Server::give_memory_back);
  keep_going(purge_interval, "purge_failed", &Server::purge_removed_accounts);
  log::info("ready", {{"hostname", config_->hostname}, {"workers", workers_.size()}});
  notify_systemd("READY=1");
  if (is_reload_due_) wishes_.try_send(Wish::reload);
  while (const auto wish = co_await wishes_.receive()) {
    if (*wish == Wish::stop) break;
    const http::Response response = co_await reload();
    if (response.status >= 400) log::error("reload_refused", {{"answer", response.body}});
  }
}

Task<> Server::stop() {
  log::info("stopping");
  co_await guarded(background_.close(), "stop_failed");
  if (control_listener_) control_listener_->stop();
  if (submit_listener_) {
    submit_listener_->stop();
    ::unlink(submit_socket);
  }
  control_idle_.close_all();
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

Task<http::Response> Server::reload() {
  const Mutex::Guard guard = co_await reloading_.lock();
  const auto loaded = co_await offload(house_->disk, [&] { return load_config(config_->file); });
  if (!loaded) {
    Json errors = Json::array();
    std::string detail;
    for (const config::ConfigError& error : loaded.error()) {
      errors.push_back(error.message());
      detail += (detail.empty() ? "" : "\n") + error.message();
    }
    co_return as_response({{"title", "The configuration is wrong; the old one stays"},
                           {"status", 422},
                           {"detail", detail},
                           {"errors", errors}},
                          422);
  }
  const auto snapshot = co_await offload(house_->disk, [&] { return Snapshot::make(*loaded); });
  if (!snapshot) co_return http::problem(422, "The old configuration stays", snapshot.error());
  const auto restart = needs_restart(*config_, **loaded);
  const auto old = snapshot_;
  std::string failure;
  try {
    require_unused_addresses(**loaded, old->config.get());
    co_await apply(*snapshot);
  } catch (const IoError& error) {
    failure = error.what();
  }
  if (!failure.empty()) {
    co_await apply(old);
    co_return http::problem(422, "The old configuration stays", failure);
  }
  log::info("reloaded", {{"restart_needed", fmt::format("{}", fmt::join(restart, ", "))}});
  co_return as_response({{"restart_needed", restart}, {"warnings", (*loaded)->warnings}}, 200);
}

/// Of those that `ours` does not listen on.
void Server::require_unused_addresses(const Config& wanted, const Config* ours) const {
  std::set<net::Address> known;
  for (const auto& listener : ours ? ours->listeners : std::vector<Listener>{}) {
    known.insert(listener.addresses.begin(), listener.addresses.end());
  }
  for (const auto& listener : wanted.listeners) {
    for (const net::Address& address : listener.addresses) {
      if (!known.contains(address)) require_unused(address);
    }
  }
}

Task<> Server::apply(std::shared_ptr<const Snapshot> snapshot) {
  co_await on_each([&](Worker& worker) { return worker.configure(snapshot); });
  snapshot_ = snapshot;
  const auto& config = *snapshot->config;
  log::configure(config.log_level, config.log_format);
  house_->addresses.set_limits(address_limits(config.limits));
  co_await bound_queue(config.queue);
  control_->configure(snapshot);
  submit_->configure(snapshot);
  for (std::size_t index = 0; index < apis_.size(); ++index) {
    co_await on_loop(workers_[index]->loop(), apis_[index]->configure_here(snapshot));
  }
}

Task<> Server::bound_queue(const queue::Config& queue) {
  heartbeat_->set_bounds(queue.memory_limit, queue.disk_reserve);
  if (!redis_) co_return;
  try {
    co_await redis_->set_memory_limit(queue.memory_limit);
  } catch (const IoError& error) {  // counts from its next start
    log::warn("redis_not_told", {{"setting", "memory_limit"}, {"error", error.what()}});
  }
}

/// A renewed certificate counts without a reload.
Task<> Server::look_at_certificate() {
  const auto guard = co_await reloading_.lock();
  const auto config = snapshot_->config;
  const auto changed = changed_at(config->tls);
  if (changed == certificate_changed_) co_return;
  auto snapshot = co_await offload(house_->disk, [&] { return Snapshot::make(config); });
  if (snapshot) {
    co_await apply(*snapshot);
    log::info("certificate_read", {{"file", config->tls.certificate.string()}});
  } else {
    log::warn("certificate_refused", {{"error", snapshot.error()}});
  }
  certificate_changed_ = changed;
}

/// What a burst needed. Each of the many threads has an arena of its own, whose free pages malloc
/// keeps unless it is told: half of all after half an hour of mixed load.
Task<> Server::give_memory_back() {
  co_await offload(house_->disk, [] { ::malloc_trim(0); });
}

Task<> Server::purge_removed_accounts() {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  for (const auto& removed :
       co_await offload(house_->disk, [&] { return house_->accounts.purgeable(now); })) {
    co_await house_->mailboxes.purge(removed.id);
    co_await offload(house_->disk, [&] { house_->accounts.forget(removed.id); });
    log::info("mailbox_purged", {{"account", removed.address}});
  }
}

std::string Server::trouble() const {
  if (house_->node.is_full()) return "the queue is full";
  return workers_.front()->queue().trouble();
}

int serve(const std::filesystem::path& config_file) {
  auto config = load_config(config_file);
  if (!config) {
    for (const auto& error : config.error()) {
      std::fprintf(stderr, "%s\n", error.message().c_str());
    }
    return 1;
  }
  log::configure((*config)->log_level, (*config)->log_format);
  raise_descriptor_limit();
  ::umask(
      0077);  // mailboxes, queue and spool are nobody else's to read; SQLite and Redis ask no more
  try {
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
