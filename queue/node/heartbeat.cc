// queue/node/heartbeat.cc: what a node does every few seconds for itself and for the others.
#include "queue/node/heartbeat.h"

#include <sys/statvfs.h>

#include "core/async/every.h"
#include "core/async/offload.h"
#include "core/async/task_group.h"
#include "core/log.h"
#include "core/metrics.h"

namespace postern::queue {

namespace {

constexpr unsigned looks_per_settings_check = 20;
constexpr std::chrono::minutes sweep_interval{1};

std::uint64_t free_bytes(const std::filesystem::path& folder) {
  struct statvfs disk{};
  if (::statvfs(folder.c_str(), &disk) != 0) return ~std::uint64_t{0};
  return static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
}

}  // namespace

void DeathWatch::saw(const std::string& node, std::int64_t counter,
                     std::chrono::steady_clock::time_point now) {
  const auto [place, is_new] = nodes_.try_emplace(node, Seen{counter, now});
  if (!is_new && place->second.counter != counter) place->second = Seen{counter, now};
}

std::vector<std::string> DeathWatch::dead(std::chrono::steady_clock::time_point now) const {
  std::vector<std::string> names;
  for (const auto& [name, seen] : nodes_) {
    if (now - seen.since > lease_) names.push_back(name);
  }
  return names;
}

struct Heartbeat::State {
  Queue& queue;
  Settings settings;
  DeathWatch watch;
  TaskGroup group;
  std::uint64_t connects = 0;
  unsigned looks = 0;
  std::uint64_t memory_used = 0, disk_left = ~std::uint64_t{0};
  bool memory_is_short = false;
  std::chrono::steady_clock::time_point next_sweep{};

  Task<> beat() {
    const auto sent = queue.loop().now();
    const Queue::Beat beat = co_await queue.beat(memory_is_short);
    queue.node().confirm(sent);
    if (connects != queue.connects()) watch.start_over();
    connects = queue.connects();
    const auto now = queue.loop().now();
    for (const auto& [owner, counter] : beat.owners) {
      if (owner != queue.node().writer()) watch.saw(owner, counter, now);
    }
    for (const std::string& owner : watch.dead(now)) {
      co_await queue.take_over(owner);
      watch.forget(owner);
    }
  }

  /// The disk can be looked at without Redis, which a full one ends.
  Task<> look_around() {
    disk_left =
        co_await offload(queue.blocking(), [this] { return free_bytes(queue.node().data_dir()); });
    judge_room();
    memory_used = co_await queue.memory_used();
    memory_is_short = settings.memory_limit != 0 && memory_used > settings.memory_limit / 10 * 9;
    judge_room();
    show(co_await queue.counts());
    if (++looks % looks_per_settings_check == 0) co_await queue.check_settings();
    co_await sweep();
  }

  void show(const Counts& counts) const {
    const auto deliveries = [](const char* state) -> metrics::Gauge& {
      return metrics::gauge("postern_queue_deliveries", "Deliveries in the queue by state",
                            {{"state", state}});
    };
    static metrics::Gauge& ready = deliveries("ready");
    static metrics::Gauge& active = deliveries("active");
    static metrics::Gauge& deferred = deliveries("deferred");
    static metrics::Gauge& held = deliveries("held");
    static metrics::Gauge& messages =
        metrics::gauge("postern_queue_messages", "Messages in the queue");
    static metrics::Gauge& memory =
        metrics::gauge("postern_redis_memory_bytes", "What Redis uses of memory_limit");
    static metrics::Gauge& disk =
        metrics::gauge("postern_disk_free_bytes", "What is left of the disk under data_dir");
    ready.set(static_cast<double>(counts.ready));
    active.set(static_cast<double>(counts.active));
    deferred.set(static_cast<double>(counts.deferred));
    held.set(static_cast<double>(counts.held));
    messages.set(static_cast<double>(counts.messages));
    memory.set(static_cast<double>(memory_used));
    disk.set(static_cast<double>(disk_left));
  }

  void judge_room() const {
    const bool full = (settings.memory_limit != 0 && memory_used >= settings.memory_limit) ||
                      disk_left < settings.disk_reserve;
    if (full != queue.node().is_full()) {
      log::warn(full ? "queue_full" : "queue_has_room",
                {{"redis_bytes", std::to_string(memory_used)},
                 {"disk_bytes_left", std::to_string(disk_left)}});
    }
    queue.node().set_full(full);
  }

  Task<> sweep() {
    if (queue.loop().now() < next_sweep) co_return;
    next_sweep = queue.loop().now() + sweep_interval;
    const std::size_t removed = co_await queue.sweep_spool();
    if (removed > 0) log::info("spool_swept", {{"files", std::to_string(removed)}});
  }

  Task<> shelve() {
    while (disk_left >= settings.disk_reserve && co_await queue.shelve_bodies() > 0) {
    }
  }

  /// While Redis is away leases age, and Node::still_ours says so in time.
  void tell(const std::exception& error) const {
    if (queue.trouble().empty()) log::warn("queue_trouble", {{"error", error.what()}});
  }

  /// Each at its own pace: no beat waits for a disk.
  void live() {
    for (const auto step : {&State::beat, &State::look_around, &State::shelve}) {
      group.spawn(every(
          settings.interval, [this, step] { return (this->*step)(); },
          [this](const std::exception& error) { tell(error); }));
    }
  }
};

Heartbeat::Heartbeat(Queue& queue, Settings settings)
    : state_(new State{queue, settings, DeathWatch(settings.lease)}) {}

Heartbeat::~Heartbeat() = default;

Task<> Heartbeat::start() {
  state_->next_sweep = state_->queue.loop().now() + std::chrono::minutes(1);
  co_await state_->beat();
  co_await state_->look_around();
  state_->live();
}

void Heartbeat::set_bounds(std::uint64_t memory_limit, std::uint64_t disk_reserve) {
  state_->settings.memory_limit = memory_limit;
  state_->settings.disk_reserve = disk_reserve;
  state_->judge_room();
}

Task<> Heartbeat::stop() { co_await state_->group.close(); }

}  // namespace postern::queue
