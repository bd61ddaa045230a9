#include "delivery/attempt/conclusion.h"

#include <optional>
#include <utility>

namespace postern::delivery {
namespace {

constexpr std::chrono::milliseconds pause_in_line{30'000};

/// How a recipient's last verdict reads in the queue, in the log and in a report.
struct Ending {
  queue::Outcome outcome;
  Fact fact;
  std::optional<DsnKind> report;
};

Ending ending_of(const queue::Lease& lease, Verdict::Kind kind) {
  if (std::holds_alternative<queue::Discard>(lease.next_hop))
    return {queue::Outcome::discarded, Fact::discarded, {}};
  switch (kind) {
    case Verdict::Kind::delivered:
      return {queue::Outcome::delivered, Fact::delivered, DsnKind::delivered};
    case Verdict::Kind::relayed:
      return {queue::Outcome::relayed, Fact::delivered, DsnKind::relayed};
    case Verdict::Kind::transferred:  // whoever has it now reports: RFC 3461 §5.2.2
      return {queue::Outcome::relayed, Fact::delivered, {}};
    case Verdict::Kind::deferred:
      return {queue::Outcome::expired, Fact::expired, DsnKind::failed};
    case Verdict::Kind::failed:
      break;
  }
  return {queue::Outcome::bounced, Fact::bounced, DsnKind::failed};
}

}  // namespace

Conclusion conclude(const queue::Lease& lease, const AttemptResult& result,
                    const queue::RetrySchedule& schedule, double dice) {
  const bool counts = !result.broken_off && !result.body_missing && !result.crowded;
  const auto wait = schedule.next_wait(lease.attempts + 1, lease.age, dice);
  const bool is_last = counts && !wait;
  const bool warn = counts && wait && schedule.should_warn(lease.age, lease.warned);
  Conclusion made;
  made.settlement = {.host = result.host,
                     .address = result.address,
                     .tls = result.tls,
                     .uncertain = result.uncertain,
                     .warned = warn};
  made.settlement.counts = counts;
  if (!result.broken_off) made.settlement.retry_in = result.crowded ? pause_in_line : wait;
  made.settlement.hold = result.body_missing;
  for (std::size_t at = 0; at < result.verdicts.size(); ++at) {
    Verdict verdict = result.verdicts[at];
    if (verdict.kind == Verdict::Kind::deferred && !is_last) {
      made.settlement.last_error = verdict.reply;
      if (warn) made.reports.push_back({at, DsnKind::delayed, verdict});
      made.facts.push_back({at, Fact::deferred, std::move(verdict)});
      continue;
    }
    const Ending ending = ending_of(lease, verdict.kind);
    if (ending.outcome == queue::Outcome::expired && verdict.is_ours)
      verdict.reply = "Given up after many tries; the last one: " + verdict.reply;
    made.settlement.done.push_back(
        {at, ending.outcome, verdict.status, verdict.reply, verdict.remote_host});
    if (ending.report) made.reports.push_back({at, *ending.report, verdict});
    made.facts.push_back({at, ending.fact, std::move(verdict)});
  }
  return made;
}

}  // namespace postern::delivery
