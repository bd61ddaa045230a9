// queue/model/told.cc: messages and settlements as facts.
#include "queue/model/told.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::queue {
namespace {

constexpr std::size_t targets_named = 5;  // of an alias

/// "a@b.example, c@d.example and 998 more"
std::string list_of(const std::vector<mail::EmailAddress>& targets) {
  std::string text;
  for (std::size_t i = 0; i < std::min(targets.size(), targets_named); ++i)
    text += (i == 0 ? "" : ", ") + targets[i].text();
  if (targets.size() > targets_named)
    text += fmt::format(" and {} more", targets.size() - targets_named);
  return text;
}

/// What the timeline of `message` need not repeat.
void name_message(Fact& fact, const MessageInfo& message) {
  fact.id = message.id;
  fact.sender = mail::path_text(message.sender);
  fact.account = message.account;
}

Fact about(const Lease& lease, const Settlement& settlement, FactKind kind, WallTime now) {
  Fact fact{.kind = kind, .at = now, .delivery = lease.index, .attempt = lease.attempts + 1};
  fact.host = settlement.host;
  fact.address = settlement.address;
  fact.tls = settlement.tls;
  return fact;
}

void add_done(std::vector<Fact>& facts, const Lease& lease, const Settlement& settlement,
              WallTime now) {
  for (const Settlement::Done& done : settlement.done) {
    Fact fact = about(lease, settlement, done.outcome, now);
    fact.recipient = lease.recipients[done.recipient].address.text();
    fact.status = done.status.text();
    fact.reply = done.reply;
    if (!done.remote_host.empty()) fact.host = done.remote_host;
    facts.push_back(std::move(fact));
  }
}

/// What becomes of those still open, taken together.
FactKind fate(const Settlement& settlement) {
  if (settlement.hold) return FactKind::held;
  return settlement.uncertain ? FactKind::uncertain : FactKind::deferred;
}

/// Each of them, but those who are held: they wait for one decision.
void add_waiting(std::vector<Fact>& facts, const Lease& lease, const Settlement& settlement,
                 WallTime now) {
  if (fate(settlement) != FactKind::deferred) {
    facts.push_back(about(lease, settlement, fate(settlement), now));
    facts.back().reply = settlement.last_error;
  }
  if (settlement.hold) return;
  for (const Settlement::PutOff& put_off : settlement.put_off) {
    Fact& deferred = facts.emplace_back(about(lease, settlement, FactKind::deferred, now));
    deferred.recipient = lease.recipients[put_off.recipient].address.text();
    deferred.status = put_off.status.text();
    deferred.reply = put_off.reply;
  }
}

}  // namespace

std::vector<Fact> facts_of(const NewMessage& message, WallTime now) {
  std::vector<Fact> facts;
  Fact& accepted = facts.emplace_back(Fact{.kind = FactKind::accepted, .at = now});
  accepted.address = message.client;
  for (const NewDelivery& delivery : message.deliveries)
    accepted.recipients += delivery.recipients.size();
  accepted.size = message.size;
  accepted.message_id = message.message_id;
  accepted.protocol = message.arrival.protocol;
  accepted.login = message.arrival.login;
  for (const Expansion& expansion : message.expansions) {
    Fact& expanded = facts.emplace_back(Fact{.kind = FactKind::expanded, .at = now});
    expanded.recipient = expansion.alias.text();
    expanded.recipients = expansion.targets.size();
    expanded.reply = list_of(expansion.targets);
  }
  for (Fact& fact : facts) name_message(fact, message);
  return facts;
}

std::vector<Fact> facts_of(const Lease& lease, const Settlement& settlement, WallTime now) {
  std::vector<Fact> facts;
  if (settlement.tried) {
    Fact& tried = facts.emplace_back(about(lease, settlement, FactKind::attempt, now));
    tried.status = settlement.tried->status.text();
    tried.reply = settlement.tried->reply;
    tried.took = settlement.tried->took;
  }
  add_done(facts, lease, settlement, now);
  if (settlement.done.size() < lease.recipients.size()) add_waiting(facts, lease, settlement, now);
  for (Fact& fact : facts) {
    name_message(fact, lease);
    fact.next_hop = text(lease.next_hop);
  }
  return facts;
}

std::vector<Fact> timeline_of(const Lease& lease, const Settlement& settlement, WallTime now) {
  std::vector<Fact> facts;
  add_done(facts, lease, settlement, now);
  const bool some_wait = settlement.done.size() < lease.recipients.size();
  if (some_wait && (settlement.retry_in || settlement.hold)) {
    facts.push_back(about(lease, settlement, fate(settlement), now));
    facts.back().reply = settlement.last_error;
  }
  return facts;
}

}  // namespace postern::queue
