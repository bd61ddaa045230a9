// relay/worker/worker.cc: builds a worker's parts, bottom to top, and takes them down in reverse.
#include "relay/worker/worker.h"

#include <functional>

#include "core/async/timer.h"
#include "core/log.h"
#include "core/mail/headers.h"
#include "mailbox/imap/grammar/structure.h"
#include "policy/dkim/signer.h"
#include "relay/config/config.h"
#include "relay/config/delivery_settings.h"

namespace postern::relay {
namespace {

/// Signs a message of ours that delivery had to convert.
std::string sign_again(const std::shared_ptr<const Snapshot>& snapshot, std::string_view message) {
  const auto header = mail::HeaderBlock::parse(message);
  const auto* from = header.find("From");
  if (from == nullptr) return {};
  const auto list = mail::parse_address_list(from->unfolded());
  if (list.entries.size() != 1) return {};
  const auto domain = mail::Domain::parse(list.entries.front().domain);
  const auto keys = domain ? snapshot->dkim.find(domain->text()) : snapshot->dkim.end();
  if (keys == snapshot->dkim.end()) return {};
  // On a thread of the pool, which has no loop: the date of the signature.
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return policy::dkim_sign(keys->second, message, now);
}

}  // namespace

Worker::Worker(Loop& loop, House& house, unsigned index)
    : loop_(loop), house_(house), index_(index) {}

Worker::~Worker() = default;

Task<> Worker::open(std::shared_ptr<const Snapshot> snapshot, redis::Url redis) {
  snapshot_ = std::move(snapshot);
  const auto& config = snapshot_->config;
  resolver_ = std::make_unique<net::Resolver>(loop_, config->delivery.dns);
  mailbox::AccountHub::Options options;
  options.folder = (config->data_dir / "mailboxes").string();
  options.remember_deliveries =
      std::chrono::duration_cast<std::chrono::seconds>(config->queue.retry.expire) +
      std::chrono::days(7);
  hub_ = std::make_unique<mailbox::AccountHub>(loop_, house_.store, std::move(options),
                                               imap::summarise);
  courier_ = std::make_unique<delivery::Courier>(loop_, house_.disk, delivery_settings(*config));
  queue_ = std::make_unique<queue::Queue>(loop_, house_.node, house_.disk,
                                          queue::Queue::Settings{.redis = std::move(redis),
                                                                 .spool = config->queue.spool,
                                                                 .worker = index_,
                                                                 .facts = house_.facts});
  co_await queue_->start();
}

Task<> Worker::start() {
  const auto settings = delivery_settings(*snapshot_->config);
  directory_ = std::make_unique<Directory>(house_.accounts, house_.disk, snapshot_);
  router_ = std::make_unique<delivery::Router>(settings, *directory_);
  dispatcher_ = std::make_unique<delivery::Dispatcher>(
      delivery::DispatcherParts{
          .loop = loop_,
          .pool = house_.disk,
          .queue = *queue_,
          .resolver = *resolver_,
          .mailboxes = house_.mailboxes,
          .local = *directory_,
          .router = *router_,
          .couriers = house_.couriers,
          .lease_is_fresh = [this] { return house_.node.still_ours(loop_.now()); },
          .resigner = [this] { return std::bind_front(sign_again, snapshot_); }},
      settings);
  intake_ = std::make_unique<MailIntake>(
      IntakeParts{.queue = *queue_,
                  .dispatcher = *dispatcher_,
                  .router = *router_,
                  .directory = *directory_,
                  .mailboxes = house_.mailboxes,
                  .facts = house_.facts,
                  .spool = {house_.disk, snapshot_->config->queue.spool, house_.node.writer()},
                  .signing = house_.signing},
      snapshot_);
  dispatcher_->start();
  co_return;
}

Task<> Worker::configure(std::shared_ptr<const Snapshot> snapshot) {
  const auto old = std::exchange(snapshot_, std::move(snapshot));
  if (old->config->delivery.dns != snapshot_->config->delivery.dns)
    resolver_->use(snapshot_->config->delivery.dns);
  directory_->configure(snapshot_);
  intake_->configure(snapshot_);
  const auto settings = delivery_settings(*snapshot_->config);
  router_->configure(settings);
  courier_->configure(settings);
  dispatcher_->configure(settings);
  co_await listen();
}

Task<> Worker::stop_listening() {
  for (auto& [address, socket] : sockets_) socket->listener->stop();
  sockets_.clear();
  co_return;
}

Task<> Worker::finish_sessions(std::chrono::milliseconds grace) {
  idle_.close_all();
  co_await readers_.close();
  try {
    co_await with_timeout(grace, senders_.join());
  } catch (const Timeout&) {
    log::warn("sessions_cut_off", {{"worker", index_}});
  }
  co_await senders_.close();
}

Task<> Worker::stop_deliveries(std::chrono::milliseconds grace) {
  if (dispatcher_) co_await dispatcher_->stop(grace);
}

Task<> Worker::stop_courier() {
  if (courier_) co_await courier_->stop();
}

Task<> Worker::close_mailboxes() {
  if (hub_) co_await hub_->close();
}

Task<> Worker::close() {
  if (queue_) co_await queue_->stop();
  intake_.reset();
  dispatcher_.reset();
  router_.reset();
  directory_.reset();
  queue_.reset();
  courier_.reset();
  hub_.reset();
  resolver_.reset();
}

}  // namespace postern::relay
