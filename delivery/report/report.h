// delivery/report/report.h: what senders are told: which outcomes make a report, to whom, and as
// what message.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "delivery/model/outcome.h"
#include "delivery/report/dsn.h"
#include "delivery/settings.h"
#include "queue/store/queue.h"

namespace postern::delivery {

/// A recipient's outcome as far as reports go.
struct Reportable {
  std::size_t recipient = 0;  ///< index into the lease
  DsnKind kind = DsnKind::failed;
  Verdict verdict;
};

/// Those that the sender wants to hear of (RFC 3461 §4.1, §5.2). Pure.
std::vector<Reportable> wanted_reports(const queue::Lease& lease, std::vector<Reportable> outcomes);

/// To whom a report goes: the sender; for a bounce that fails the postmaster; nobody when that
/// fails, too. A success or a delay of a bounce is told to nobody. Pure.
std::optional<mail::EmailAddress> report_recipient(const queue::Lease& lease,
                                                   const std::vector<Reportable>& reports,
                                                   const Settings& settings);

/// The report as a message for the queue, without its deliveries. `original` is the message or its
/// beginning. Pure.
queue::NewMessage make_report(const queue::Lease& lease, const std::vector<Reportable>& reports,
                              const mail::EmailAddress& to, std::string_view original,
                              const Settings& settings, std::chrono::system_clock::time_point now);

}  // namespace postern::delivery
