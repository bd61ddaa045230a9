// relay/facts/fact_log.cc: which fields the log has of each kind of fact.
#include "relay/facts/fact_log.h"

#include "core/log.h"

namespace postern::relay {
namespace {

using queue::Fact;
using queue::FactKind;

log::Fields of_acceptance(const Fact& fact) {
  return {{"id", queue::text(fact.id)},    {"from", fact.sender},
          {"recipients", fact.recipients}, {"size", fact.size},
          {"message_id", fact.message_id}, {"peer", fact.address},
          {"protocol", fact.protocol},     {"account", fact.login}};
}

log::Fields of_expansion(const Fact& fact) {
  return {{"id", queue::text(fact.id)},
          {"recipient", fact.recipient},
          {"targets", fact.recipients},
          {"to", fact.reply}};
}

/// Of what an operator does, and of what concerns a delivery and no recipient.
log::Fields of_message(const Fact& fact) {
  log::Fields fields{{"id", queue::text(fact.id)}};
  if (fact.attempt > 0) {
    fields.emplace_back("delivery", fact.delivery);
    fields.emplace_back("attempt", fact.attempt);
  }
  if (!fact.recipient.empty()) fields.emplace_back("recipient", fact.recipient);
  if (!fact.next_hop.empty()) fields.emplace_back("next_hop", fact.next_hop);
  if (!fact.reply.empty()) fields.emplace_back("reply", fact.reply);
  return fields;
}

log::Fields of_try(const Fact& fact) {
  log::Fields fields{{"id", queue::text(fact.id)}, {"delivery", fact.delivery},
                     {"attempt", fact.attempt},    {"next_hop", fact.next_hop},
                     {"status", fact.status},      {"reply", fact.reply}};
  if (!fact.host.empty()) fields.emplace_back("host", fact.host);
  if (!fact.address.empty()) fields.emplace_back("address", fact.address);
  if (!fact.tls.empty()) fields.emplace_back("tls", fact.tls);
  if (fact.kind == FactKind::attempt) {
    fields.emplace_back("took_ms", fact.took.count());
  } else {
    fields.emplace_back("sender", fact.sender);
    fields.emplace_back("recipient", fact.recipient);
  }
  return fields;
}

log::Fields fields_of(const Fact& fact) {
  switch (fact.kind) {
    case FactKind::accepted:
      return of_acceptance(fact);
    case FactKind::expanded:
      return of_expansion(fact);
    case FactKind::attempt:
    case FactKind::delivered:
    case FactKind::relayed:
    case FactKind::deferred:
    case FactKind::bounced:
    case FactKind::expired:
    case FactKind::discarded:
      return of_try(fact);
    case FactKind::uncertain:
    case FactKind::held:
    case FactKind::released:
    case FactKind::retried:
    case FactKind::returned:
    case FactKind::removed:
      break;
  }
  return of_message(fact);
}

}  // namespace

void FactLog::on(const Fact& fact) {
  if (!log::is_written(log::Level::info)) return;
  const bool is_relayed = fact.kind == FactKind::relayed;
  log::info(name(is_relayed ? FactKind::delivered : fact.kind), fields_of(fact));
}

}  // namespace postern::relay
