// delivery/report/expansion.cc: the report of an alias, made like that of a delivery.
#include "delivery/report/expansion.h"

#include "delivery/report/report.h"

namespace postern::delivery {

std::optional<queue::NewMessage> make_expansion_report(const queue::NewMessage& message,
                                                       std::vector<mail::Recipient> aliases,
                                                       std::string_view header,
                                                       const Settings& settings,
                                                       std::chrono::system_clock::time_point now) {
  queue::Lease taken;
  static_cast<queue::MessageInfo&>(taken) = message;
  // Behind those of the deliveries, whose reports have ids of their own.
  taken.index = static_cast<unsigned>(message.deliveries.size());
  taken.body = message.body;
  taken.recipients = std::move(aliases);
  std::vector<Reportable> expanded;
  for (std::size_t at = 0; at < taken.recipients.size(); ++at)
    expanded.push_back({at, DsnKind::expanded, {.kind = Verdict::Kind::delivered}});
  expanded = wanted_reports(taken, std::move(expanded));
  const auto to = report_recipient(taken, expanded, settings);
  if (!to) return std::nullopt;
  return make_report(taken, expanded, *to, header, settings, now);
}

}  // namespace postern::delivery
