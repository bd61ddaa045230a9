// delivery/attempt/dispatcher.cc: from a lease to its settlement.
#include "delivery/attempt/dispatcher.h"

#include <random>
#include <utility>

#include "core/async/offload.h"
#include "core/async/on_loop.h"
#include "core/async/sync.h"
#include "core/async/task_group.h"
#include "core/async/timer.h"
#include "core/log.h"
#include "core/net/dns.h"
#include "delivery/attempt/conclusion.h"
#include "delivery/attempt/courier.h"
#include "delivery/attempt/local_delivery.h"
#include "delivery/model/sanitise.h"
#include "delivery/report/report.h"
#include "delivery/route/mx_hosts.h"
#include "delivery/route/targets.h"

namespace postern::delivery {
namespace {

constexpr std::size_t in_flight_limit = 5000, claim_batch = 64, hops_limit = 100;
constexpr std::uint64_t octets_limit = 256 << 20;  // of bodies that those in flight hold in memory
constexpr std::chrono::milliseconds claim_interval{250}, redis_pause{1000};
constexpr std::size_t original_limit =
    256 * 1024;  // octets of a message that a report is made from

double dice() {
  thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

std::uint64_t octets_in_memory(const queue::Lease& lease) {
  return lease.body.is_in_memory() ? lease.body.size() : 0;
}

}  // namespace

struct Dispatcher::State {
  DispatcherParts parts;
  std::shared_ptr<const Settings> settings;
  queue::RetrySchedule schedule;
  OwnIdentity own;
  TaskGroup group;        // claim loop and deliveries
  CancelScope break_off;  // of the attempts, not of their settling
  Event work, idle;
  std::size_t in_flight = 0;
  std::uint64_t octets_in_flight = 0;
  bool stopping = false;

  State(DispatcherParts given, std::shared_ptr<const Settings> fresh)
      : parts(std::move(given)),
        settings(std::move(fresh)),
        schedule(settings->retry),
        own(own_identity(*settings)) {}

  bool has_room() const {
    return !stopping && in_flight < in_flight_limit && octets_in_flight < octets_limit;
  }
  void launch(std::vector<queue::Lease> leases);
  void landed();
  Task<> claim_loop();
  Task<> deliver(queue::Lease lease);
  Task<AttemptResult> attempt(queue::Lease lease);
  Task<AttemptResult> attempt_remote(queue::Lease lease);
  Task<bool> goes_in_circles(queue::Lease lease);
  Task<queue::Settlement> settlement_of(queue::Lease lease, AttemptResult result);
  Task<std::optional<queue::NewMessage>> report(queue::Lease lease,
                                                std::vector<Reportable> reports);
};

Dispatcher::Dispatcher(DispatcherParts parts, std::shared_ptr<const Settings> settings)
    : state_(new State(std::move(parts), std::move(settings))) {}
Dispatcher::~Dispatcher() = default;

void Dispatcher::start() { state_->group.spawn(state_->claim_loop()); }
bool Dispatcher::has_room() const { return state_->has_room(); }
void Dispatcher::wake() { state_->work.set(); }

void Dispatcher::take(std::vector<queue::Lease> leases) { state_->launch(std::move(leases)); }

void Dispatcher::State::launch(std::vector<queue::Lease> leases) {
  for (queue::Lease& lease : leases) {
    ++in_flight;
    octets_in_flight += octets_in_memory(lease);
    group.spawn(deliver(std::move(lease)));
  }
}

void Dispatcher::State::landed() {
  if (--in_flight == 0) idle.set();
}

void Dispatcher::configure(std::shared_ptr<const Settings> settings) {
  state_->settings = std::move(settings);
  state_->schedule = queue::RetrySchedule(state_->settings->retry);
  state_->own = own_identity(*state_->settings);
}

Task<> Dispatcher::stop(std::chrono::milliseconds grace) {
  state_->stopping = true;
  state_->parts.queue.give_up_after(grace);
  state_->work.set();
  const auto deadline = state_->parts.loop.now() + grace;
  try {
    while (state_->in_flight > 0) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - state_->parts.loop.now());
      state_->idle.reset();
      co_await with_timeout(std::max(left, std::chrono::milliseconds(1)), state_->idle.wait());
    }
  } catch (const Timeout&) {
    state_->break_off.cancel();
  }
  co_await state_->group.join();
}

Task<> Dispatcher::State::claim_loop() {
  while (!stopping) {
    work.reset();
    std::size_t claimed = 0;
    bool is_away = false;
    if (has_room()) {
      ++in_flight;  // what the answer brings must not come behind the end of all
      try {
        std::vector<queue::Lease> leases = co_await parts.queue.claim(claim_batch);
        claimed = leases.size();
        launch(std::move(leases));
      } catch (const std::exception& error) {
        is_away = true;  // Redis comes back, and the queue reconnects by itself
        if (parts.queue.trouble().empty()) log::warn("not_claimed", {{"error", error.what()}});
      }
      landed();
    }
    if (claimed == claim_batch || stopping) continue;
    try {
      co_await with_timeout(is_away ? redis_pause : claim_interval, work.wait());
    } catch (const Timeout&) {  // look again: something may be due
    }
  }
}

/// What the queue stores of it. What was delivered must not be tried again because the accounts
/// cannot be asked where the report goes: ask again.
Task<queue::Settlement> Dispatcher::State::settlement_of(queue::Lease lease, AttemptResult result) {
  Conclusion conclusion = conclude(lease, result, schedule, dice());
  for (bool is_made = false; !is_made;) {
    try {
      conclusion.settlement.report = co_await report(lease, conclusion.reports);
      is_made = true;
    } catch (const std::exception& error) {
      if (stopping) throw;
      log::warn("report_not_made", {{"id", text(lease.id)}, {"error", error.what()}});
    }
    if (!is_made) co_await sleep_for(redis_pause);
  }
  co_return std::move(conclusion.settlement);
}

/// One lease from its first look-up to its settling.
Task<> Dispatcher::State::deliver(queue::Lease lease) {
  const auto begin = parts.loop.now();
  const std::uint64_t octets = octets_in_memory(lease);
  AttemptResult result;
  try {
    Task<AttemptResult> task = attempt(lease);
    task.handle().promise().scope = &break_off;
    result = co_await std::move(task);
  } catch (const queue::BodyMissing& error) {
    result = same_for_all(lease.recipients.size(), our_delay({4, 3, 0}, error.what()));
    result.body_missing = true;
  } catch (const Cancelled&) {
    result = same_for_all(lease.recipients.size(),
                          our_delay({4, 3, 2}, "Broken off: this gateway is stopping"));
    result.broken_off = true;
  } catch (const std::exception& error) {  // whatever it was: a try without an end keeps its lease
    result =
        same_for_all(lease.recipients.size(), our_delay({4, 3, 0}, sanitise(error.what(), 300)));
  }
  result.took = std::chrono::duration_cast<std::chrono::milliseconds>(parts.loop.now() - begin);
  try {
    const queue::QueueId id = lease.id;
    queue::Settlement settlement = co_await settlement_of(lease, std::move(result));
    queue::SettleResult settled =
        co_await parts.queue.settle(std::move(lease), std::move(settlement));
    if (!settled) log::warn("lease_lost", {{"id", text(id)}});
    if (settled.more_is_ready) work.set();
    launch(std::move(settled.report));
  } catch (const std::exception& error) {  // at shutdown; the next start takes the lease back
    log::warn("not_settled", {{"error", error.what()}});
  }
  const bool had_room = has_room();
  octets_in_flight -= octets;
  landed();
  if (!had_room && has_room()) work.set();
}

Task<AttemptResult> Dispatcher::State::attempt(queue::Lease lease) {
  if (lease.bounce) {
    const std::string why = lease.last_error.empty() ? "" : "; last: " + lease.last_error;
    co_return same_for_all(lease.recipients.size(), our_verdict(Verdict::Kind::failed, {5, 7, 1},
                                                                "Returned by the operator" + why));
  }
  if (std::holds_alternative<queue::Discard>(lease.next_hop))
    co_return same_for_all(lease.recipients.size(),
                           our_verdict(Verdict::Kind::delivered, {2, 0, 0}, "Discarded"));
  if (const auto* reject = std::get_if<queue::Reject>(&lease.next_hop))
    co_return same_for_all(lease.recipients.size(),
                           our_verdict(Verdict::Kind::failed, reject->status, reject->words));
  if (queue::is_local(lease.next_hop))
    co_return co_await deliver_to_mailbox(parts.local, parts.mailboxes, parts.pool,
                                          std::move(lease));
  co_return co_await attempt_remote(std::move(lease));
}

/// RFC 5321 §6.3.
Task<bool> Dispatcher::State::goes_in_circles(queue::Lease lease) {
  if (lease.body.is_in_memory()) co_return count_received(lease.body.bytes()) > hops_limit;
  co_return co_await offload(parts.pool, [&lease] {
    return count_received(queue::BodyReader(lease.body, original_limit).next()) > hops_limit;
  });
}

Task<AttemptResult> Dispatcher::State::attempt_remote(queue::Lease lease) {
  if (co_await goes_in_circles(lease))
    co_return same_for_all(lease.recipients.size(),
                           our_verdict(Verdict::Kind::failed, {5, 4, 6},
                                       "Too many hops: the message goes round in a loop"));
  auto found = co_await find_targets(parts.resolver, parts.pool, lease.next_hop, settings, own);
  if (!found) co_return same_for_all(lease.recipients.size(), found.error());
  Job job{.key = std::move(found->key),
          .targets = std::move(found->hosts),
          .envelope = {lease.sender, lease.recipients, lease.options},
          .body = lease.body,
          .lease_is_fresh = parts.lease_is_fresh,
          .resign = lease.signed_here ? parts.resigner() : Resigner()};
  Courier& courier = owner_of(parts.couriers, job.key);
  co_return co_await on_loop(courier.loop(), courier.deliver(std::move(job)));
}

Task<std::optional<queue::NewMessage>> Dispatcher::State::report(queue::Lease lease,
                                                                 std::vector<Reportable> reports) {
  reports = wanted_reports(lease, std::move(reports));
  const auto to = report_recipient(lease, reports, *settings);
  if (!to) co_return std::nullopt;
  std::string beginning;
  if (!lease.body.is_in_memory()) {
    try {
      beginning = co_await offload(parts.pool, [&lease] {
        return std::string(queue::BodyReader(lease.body, original_limit).next());
      });
    } catch (const IoError&) {  // a report without the original is better than none
    }
  }
  const std::string_view original = lease.body.is_in_memory() ? std::string_view(lease.body.bytes())
                                                              : std::string_view(beginning);
  queue::NewMessage message =
      make_report(lease, reports, *to, original, *settings, parts.loop.wall_now());
  std::vector<mail::Recipient> recipients;
  for (const Destination& one : co_await parts.router.destinations(std::nullopt, *to))
    recipients.push_back({.address = one.address,
                          .orcpt = one.address == *to ? "" : mail::original_recipient(*to),
                          .notify = {}});
  message.deliveries = co_await parts.router.plan(std::nullopt, std::move(recipients));
  co_return message;
}

}  // namespace postern::delivery
