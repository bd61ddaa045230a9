#include "delivery/logging_events.h"

#include "core/log.h"

namespace postern::delivery {

void LoggingEvents::on(const DeliveryEvent& event) {
  log::Fields fields{{"id", queue::text(event.id)}, {"delivery", event.delivery},
                     {"attempt", event.attempt},    {"next_hop", event.next_hop},
                     {"status", event.status},      {"reply", event.reply}};
  if (!event.host.empty()) fields.emplace_back("host", event.host);
  if (!event.address.empty()) fields.emplace_back("address", event.address);
  if (!event.tls.empty()) fields.emplace_back("tls", event.tls);
  if (event.fact == Fact::attempt) {
    fields.emplace_back("took_ms", event.took.count());
  } else {
    fields.emplace_back("sender", event.sender);
    fields.emplace_back("recipient", event.recipient);
  }
  log::info(name(event.fact), fields);
}

}  // namespace postern::delivery
