// relay/server/upkeep.cc: what a server does by itself from time to time.
#include <malloc.h>

#include "core/async/every.h"
#include "core/async/offload.h"
#include "core/log.h"
#include "relay/server/server.h"

namespace postern::relay {

namespace {

constexpr std::chrono::seconds certificate_interval{10};
constexpr std::chrono::minutes trim_interval{1};
constexpr std::chrono::hours purge_interval{1};

std::filesystem::file_time_type changed_at(const Tls& tls) {
  std::error_code error;
  const auto certificate = std::filesystem::last_write_time(tls.certificate, error);
  const auto key = std::filesystem::last_write_time(tls.key, error);
  return std::max(certificate, key);
}

}  // namespace

void Server::begin_upkeep() {
  certificate_changed_ = changed_at(snapshot_->config->tls);
  keep_going(certificate_interval, "certificate_not_read", &Server::look_at_certificate);
  keep_going(trim_interval, "memory_not_trimmed", &Server::give_memory_back);
  keep_going(purge_interval, "purge_failed", &Server::purge_removed_accounts);
}

void Server::keep_going(std::chrono::milliseconds pause, std::string_view trouble,
                        Task<> (Server::*step)()) {
  background_.spawn(every(
      pause, [this, step] { return (this->*step)(); },
      [trouble](const std::exception& error) { log::warn(trouble, {{"error", error.what()}}); }));
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
/// keeps unless it is told.
Task<> Server::give_memory_back() {
  co_await offload(house_->disk, [] { ::malloc_trim(0); });
}

}  // namespace postern::relay
