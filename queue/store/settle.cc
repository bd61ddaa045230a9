// queue/store/settle.cc: deliveries are claimed, and their outcome is stored.
#include "core/async/timer.h"
#include "core/log.h"
#include "queue/model/told.h"
#include "queue/store/queue_impl.h"
#include "queue/store/wire.h"

namespace postern::queue {

namespace {

constexpr std::size_t bodies_per_claim = 4 * 1024 * 1024;  // bytes after which a claim is enough
constexpr std::chrono::milliseconds first_wait{200}, longest_wait{5000};  // between tries

}  // namespace

Task<std::vector<Lease>> Queue::claim(std::size_t max) {
  Impl& impl = *impl_;
  redis::Arguments arguments{impl.node.writer(),
                             impl.node.name(),
                             std::to_string(max),
                             std::to_string(impl.settings.in_flight_per_hop),
                             std::to_string(bodies_per_claim),
                             std::to_string(impl.settings.worker),
                             impl.generation,
                             std::to_string(++impl.claims),
                             std::to_string(impl.claims_answered)};
  const std::uint64_t number = impl.claims;
  const redis::Reply reply = co_await impl.redis.run(verbs().claim, std::move(arguments));
  std::vector<Lease> leases;
  std::vector<std::pair<const redis::Reply*, std::string>> unreadable;  // and why
  for (const redis::Reply& item : reply.at(1).items) {
    try {
      leases.push_back(parse_lease(item, reply.at(0).integer(), impl.settings.spool));
    } catch (const IoError& error) {
      unreadable.emplace_back(&item, error.what());
    }
  }
  for (const auto& [item, why] : unreadable) co_await impl.hold_unreadable(*item, why);
  // Until the leases are known here, the next claim gives them back.
  impl.claims_answered = number;
  co_return leases;
}

/// Nobody can deliver it, and it must not keep the others waiting.
Task<> Queue::Impl::hold_unreadable(const redis::Reply& item, std::string why) {
  log::error("entry_unreadable", {{"id", item.at(0).text}, {"error", why}});
  Fact held{.kind = FactKind::held, .at = wall_now(), .reply = std::move(why)};
  held.id = parse_queue_id(item.at(0).text).value_or(QueueId{});
  const redis::Reply reply = co_await redis.run(verbs().settle, hold_arguments(item, node, held));
  if (reply.at(0).text == "ok") settings.facts.tell(held);
}

Task<SettleResult> Queue::settle(Lease lease, Settlement settlement) {
  if (impl_->stopping) throw IoError("the queue is closing");
  const auto state = std::make_shared<Settling>();
  ++impl_->settling;
  impl_->background.spawn(
      impl_->settle_in_background(state, std::move(lease), std::move(settlement)));
  co_await state->over.wait();
  if (state->failure) std::rethrow_exception(state->failure);
  co_return std::move(state->result);
}

void Queue::give_up_after(std::chrono::milliseconds wait) {
  impl_->give_up_at = impl_->loop.now() + wait;
}

Task<> Queue::Impl::settle_in_background(std::shared_ptr<Settling> settling_state, Lease lease,
                                         Settlement settlement) {
  std::string file;
  try {
    file = co_await settle_until_answered(*settling_state, lease, settlement);
  } catch (const std::exception&) {
    settling_state->failure = std::current_exception();
  }
  --settling;
  settling_state->over.set();
  try {
    co_await remove_file(std::move(file));
  } catch (const IoError&) {
    // The sweep finds it.
  }
}

/// One try to store it; none: it did not work.
Task<std::optional<redis::Reply>> Queue::Impl::try_to_settle(const Lease& lease,
                                                             Settlement& settlement, WallTime now) {
  try {
    if (settlement.report) co_await prepare_body(*settlement.report);
    // Nobody waits for the end of a delivery: it shares the fsync of the next commit.
    const auto haste = settlement.report ? redis::Haste::now : redis::Haste::soon;
    co_return co_await redis.run(
        verbs().settle, settle_arguments(lease, settlement, node, settings.in_flight_per_hop, now),
        haste);
  } catch (const IoError& error) {
    if (stopping || (give_up_at && loop.now() >= *give_up_at)) throw;
    if (redis.is_up()) {  // an answer with an error, or the spool takes no report
      log::error("settle_refused", {{"id", text(lease.id)}, {"error", error.what()}});
    }
    co_return std::nullopt;
  }
}

/// Gives the spool file that nobody owns any more. Whatever stands in the way, it tries again:
/// nothing else ends a lease while its node lives.
Task<std::string> Queue::Impl::settle_until_answered(Settling& state, const Lease& lease,
                                                     Settlement& settlement) {
  const WallTime now = wall_now();
  for (auto wait = first_wait;; wait = std::min(2 * wait, longest_wait)) {
    const std::optional<redis::Reply> reply = co_await try_to_settle(lease, settlement, now);
    if (!reply) {
      co_await sleep_for(wait);
      continue;
    }
    const std::string& word = reply->at(0).text;
    if (word == "exists") {  // by chance another message has the report's id
      settlement.report->id = make_queue_id(wall_now());
      continue;
    }
    state.result.ours = word != "lost";
    if (state.result.ours && settings.facts.has_listeners())
      settings.facts.tell(facts_of(lease, settlement, now));
    if (settlement.report) {
      state.result.report = leases_of(*settlement.report, reply->at(2).text);
    }
    state.result.more_is_ready = reply->at(3).integer() == 1;
    co_return reply->at(1).text;
  }
}

}  // namespace postern::queue
