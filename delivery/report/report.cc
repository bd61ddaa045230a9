// delivery/report/report.cc: which reports a sender wants (RFC 3461 §4.1, §5.2), and one as a
// message of the queue.
#include "delivery/report/report.h"

#include <algorithm>

namespace postern::delivery {

std::vector<Reportable> wanted_reports(const queue::Lease& lease,
                                       std::vector<Reportable> outcomes) {
  const auto is_unwanted = [&](const Reportable& outcome) {
    const mail::Notify& notify = lease.recipients[outcome.recipient].notify;
    switch (outcome.kind) {
      case DsnKind::failed:
        return !notify.wants_failure();
      case DsnKind::delayed:
        return !notify.wants_delay();
      default:
        return !notify.wants_success();
    }
  };
  std::erase_if(outcomes, is_unwanted);
  return outcomes;
}

std::optional<mail::EmailAddress> report_recipient(const queue::Lease& lease,
                                                   const std::vector<Reportable>& reports,
                                                   const Settings& settings) {
  if (reports.empty()) return std::nullopt;
  if (lease.sender) return lease.sender;
  const auto postmaster = mail::EmailAddress::parse(settings.postmaster);
  if (!postmaster ||
      !std::ranges::any_of(reports, [](const Reportable& r) { return r.kind == DsnKind::failed; }))
    return std::nullopt;
  // Also where the postmaster's alias leads: else a dead target of it would make reports for ever.
  const auto is_postmaster = [&](const mail::Recipient& r) {
    return r.address.folded() == postmaster->folded() ||
           r.orcpt == mail::original_recipient(*postmaster);
  };
  if (std::ranges::any_of(lease.recipients, is_postmaster)) return std::nullopt;
  return *postmaster;
}

queue::NewMessage make_report(const queue::Lease& lease, const std::vector<Reportable>& reports,
                              const mail::EmailAddress& to, std::string_view original,
                              const Settings& settings, std::chrono::system_clock::time_point now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  queue::NewMessage report;
  report.id = queue::report_id(lease.id, lease.index, lease.fence, 0);
  report.message_id = "<" + queue::text(report.id) + "@" + settings.hostname + ">";
  DsnInput input{.reporting_mta = settings.hostname,
                 .postmaster = settings.postmaster,
                 .to = to,
                 .message_id = report.message_id,
                 .queue_id = queue::text(lease.id),
                 .options = lease.options,
                 .arrival = std::chrono::floor<std::chrono::seconds>(lease.received),
                 .now = seconds,
                 .recipients = {},
                 .original = original,
                 .original_size = lease.body.size()};
  for (const Reportable& item : reports) {
    DsnRecipient recipient{.recipient = lease.recipients[item.recipient],
                           .kind = item.kind,
                           .status = item.verdict.status};
    (item.verdict.is_ours ? recipient.reason : recipient.reply) = item.verdict.reply;
    recipient.remote_host = item.verdict.remote_host;
    recipient.last_attempt = seconds;
    if (item.kind == DsnKind::delayed)
      recipient.will_retry_until =
          seconds + std::chrono::floor<std::chrono::seconds>(settings.retry.expire - lease.age);
    input.recipients.push_back(std::move(recipient));
  }
  const std::string text = compose_dsn(input);
  report.options.smtputf8 = to.needs_smtputf8();
  report.size = text.size();
  report.subject = "Delivery report";
  report.received = now;
  report.client = "local";
  report.body = queue::Body::in_memory(text);
  return report;
}

}  // namespace postern::delivery
