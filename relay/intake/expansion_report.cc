// relay/intake/expansion_report.cc: tells the sender that an alias took his message, when he asked
// to hear of success (RFC 3461 §5.2.7).
#include "delivery/report/expansion.h"

#include "core/log.h"
#include "relay/config/delivery_settings.h"
#include "relay/intake/reception.h"

namespace postern::relay {

std::optional<queue::NewMessage> MailReception::expansion_report(
    const queue::NewMessage& message) const {
  std::vector<mail::Recipient> aliases;
  for (const Admitted& admitted : admitted_) {
    if (admitted.is_list() && admitted.as_given.notify.wants_success())
      aliases.push_back(admitted.as_given);
  }
  if (aliases.empty()) return std::nullopt;
  return delivery::make_expansion_report(message, std::move(aliases), trace_ + header_,
                                         *delivery_settings(*snapshot_->config), now_);
}

/// The message is ours by now, whatever becomes of its report.
Task<> MailReception::send_report(queue::NewMessage report) {
  try {
    const mail::EmailAddress to = *envelope_.sender;
    std::vector<mail::Recipient> recipients;
    for (const auto& one : co_await parts_.router.destinations(std::nullopt, to)) {
      recipients.push_back(
          {one.address, one.address == to ? "" : mail::original_recipient(to), {}});
    }
    report.deliveries = co_await parts_.router.plan(std::nullopt, std::move(recipients));
    auto leases = co_await parts_.queue.commit(std::move(report), parts_.dispatcher.has_room());
    if (leases) parts_.dispatcher.take(std::move(*leases));
    if (!leases)
      log::warn("report_not_made", {{"id", queue::text(id_)}, {"error", "the queue is full"}});
  } catch (const IoError& error) {
    log::warn("report_not_made", {{"id", queue::text(id_)}, {"error", error.what()}});
  }
}

}  // namespace postern::relay
