// relay/server/reload.cc: another configuration counts, on every worker or on none.
#include <set>

#include "core/async/offload.h"
#include "core/json.h"
#include "core/log.h"
#include "relay/server/server.h"

namespace postern::relay {

namespace {

constexpr int unprocessable = 422;
constexpr std::string_view old_one_stays = "The old configuration stays";

http::Problem wrong_configuration(const std::vector<config::ConfigError>& mistakes) {
  Json errors = Json::array();
  std::string detail;
  for (const config::ConfigError& error : mistakes) {
    errors.push_back(error.message());
    detail += (detail.empty() ? "" : "\n") + error.message();
  }
  return {.status = unprocessable,
          .title = "The configuration is wrong; the old one stays",
          .detail = std::move(detail),
          .members = {{"errors", std::move(errors)}}};
}

}  // namespace

Task<http::Answer> Server::reload() {
  const Mutex::Guard guard = co_await reloading_.lock();
  const auto loaded = co_await offload(house_->disk, [&] { return load_config(config_->file); });
  if (!loaded) co_return std::unexpected(wrong_configuration(loaded.error()));
  const auto snapshot = co_await offload(house_->disk, [&] { return Snapshot::make(*loaded); });
  if (!snapshot) co_return http::refused(unprocessable, old_one_stays, snapshot.error());
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
    co_return http::refused(unprocessable, old_one_stays, failure);
  }
  log::info("reloaded", {{"restart_needed", fmt::format("{}", fmt::join(restart, ", "))}});
  co_return http::json_response({{"restart_needed", restart}, {"warnings", (*loaded)->warnings}});
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
  co_await control_->configure(snapshot);
  co_await submit_->configure(snapshot);
  for (std::size_t index = 0; index < apis_.size(); ++index) {
    co_await on_loop(workers_[index]->loop(), apis_[index]->configure(snapshot));
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

}  // namespace postern::relay
