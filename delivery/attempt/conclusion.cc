// delivery/attempt/conclusion.cc: verdicts become outcomes, and reports of them.
#include "delivery/attempt/conclusion.h"

#include <optional>
#include <utility>

namespace postern::delivery {
namespace {

constexpr std::chrono::milliseconds pause_in_line{30'000};

using queue::FactKind;

/// How a recipient's last verdict reads as a fact and in a report.
struct Ending {
  FactKind outcome;
  std::optional<DsnKind> report;
};

Ending ending_of(const queue::Lease& lease, Verdict::Kind kind) {
  if (std::holds_alternative<queue::Discard>(lease.next_hop)) return {FactKind::discarded, {}};
  switch (kind) {
    case Verdict::Kind::delivered:
      return {FactKind::delivered, DsnKind::delivered};
    case Verdict::Kind::relayed:
      return {FactKind::relayed, DsnKind::relayed};
    case Verdict::Kind::transferred:  // whoever has it now reports: RFC 3461 §5.2.2
      return {FactKind::relayed, {}};
    case Verdict::Kind::deferred:
      return {FactKind::expired, DsnKind::failed};
    case Verdict::Kind::failed:
      break;
  }
  return {FactKind::bounced, DsnKind::failed};
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
  if (!result.verdicts.empty()) {
    const Verdict& first = result.verdicts.front();
    made.settlement.tried = {first.status, first.reply, result.took};
  }
  for (std::size_t at = 0; at < result.verdicts.size(); ++at) {
    Verdict verdict = result.verdicts[at];
    if (verdict.kind == Verdict::Kind::deferred && !is_last) {
      made.settlement.last_error = verdict.reply;
      made.settlement.put_off.push_back({at, verdict.status, verdict.reply});
      if (warn) made.reports.push_back({at, DsnKind::delayed, std::move(verdict)});
      continue;
    }
    const Ending ending = ending_of(lease, verdict.kind);
    if (ending.outcome == FactKind::expired && verdict.is_ours)
      verdict.reply = "Given up after many tries; the last one: " + verdict.reply;
    made.settlement.done.push_back(
        {at, ending.outcome, verdict.status, verdict.reply, verdict.remote_host});
    if (ending.report) made.reports.push_back({at, *ending.report, std::move(verdict)});
  }
  return made;
}

}  // namespace postern::delivery
