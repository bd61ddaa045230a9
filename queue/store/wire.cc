// queue/store/wire.cc: messages, leases and rows as Redis's arguments and replies.
#include "queue/store/wire.h"

#include <algorithm>
#include <cstdlib>
#include <expected>

#include "core/async/loop.h"
#include "core/config/values.h"
#include "core/sha256.h"
#include "queue/model/told.h"
#include "queue/store/codec.h"

namespace postern::queue {

using std::chrono::milliseconds;

namespace {

/// "HOME|NEXT_HOP": only the node whose mailbox it is may try a local delivery.
std::string lane_of(const NextHop& next_hop, const Node& node) {
  return (is_local(next_hop) ? node.name() : std::string()) + "|" + text(next_hop);
}

/// Or the text in the lane, when it is no next hop that we know.
std::expected<NextHop, std::string> next_hop_of(std::string_view lane) {
  const std::string_view hop = lane.substr(lane.find('|') + 1);
  auto parsed = parse_next_hop(hop);
  if (!parsed) return std::unexpected(std::string(hop));
  return *std::move(parsed);
}

void append_facts(redis::Arguments& arguments, const std::vector<Fact>& facts) {
  arguments.push_back(std::to_string(facts.size()));
  for (const Fact& fact : facts) arguments.push_back(encode_fact(fact));
}

std::vector<mail::Recipient> still_open(const Lease& lease, const Settlement& settlement) {
  std::vector<mail::Recipient> open;
  for (std::size_t i = 0; i < lease.recipients.size(); ++i) {
    const bool ended =
        std::ranges::any_of(settlement.done, [&](const auto& done) { return done.recipient == i; });
    if (!ended) open.push_back(lease.recipients[i]);
  }
  return open;
}

}  // namespace

WallTime wall_now() { return Loop::current().wall_now(); }

std::string idempotency_name(const std::string& account, const std::string& key) {
  if (key.empty()) return {};
  return sha256(account + '\0' + key);
}

std::uint64_t info_number(std::string_view info, std::string_view name) {
  const std::string word = "\n" + std::string(name) + ":";
  const std::size_t at = info.find(word);
  if (at == std::string_view::npos) return 0;
  return std::strtoull(std::string(info.substr(at + word.size(), 20)).c_str(), nullptr, 10);
}

void append_message(redis::Arguments& arguments, const NewMessage& message, const Node& node,
                    unsigned in_flight, const std::vector<Fact>& facts) {
  arguments.push_back(text(message.id));
  arguments.push_back(encode_info(message, message.body.size()));
  const bool spooled = message.body.is_in_spool();
  arguments.push_back(spooled ? "s" : "r");
  arguments.push_back(spooled                       ? message.body.file().filename().string()
                      : message.body.is_in_memory() ? message.body.bytes()
                                                    : std::string());
  arguments.push_back(std::to_string(in_flight));
  arguments.push_back(idempotency_name(message.account, message.idempotency_key));
  arguments.push_back(message.request_digest);
  arguments.push_back(std::to_string(message.deliveries.size()));
  for (const NewDelivery& delivery : message.deliveries) {
    arguments.push_back(lane_of(delivery.next_hop, node));
    arguments.push_back(encode_recipients(delivery.recipients));
  }
  append_facts(arguments, facts);
}

std::vector<Lease> leases_of(const NewMessage& message, std::string_view leased) {
  std::vector<Lease> leases;
  for (unsigned index = 0; index < message.deliveries.size(); ++index) {
    if (index >= leased.size() || leased[index] != '1') continue;
    const NewDelivery& delivery = message.deliveries[index];
    Lease lease;
    static_cast<MessageInfo&>(lease) = message;
    lease.index = index;
    lease.fence = 1;
    lease.next_hop = delivery.next_hop;
    lease.created = wall_now();
    lease.recipients = delivery.recipients;
    lease.body = message.body;
    leases.push_back(std::move(lease));
  }
  return leases;
}

redis::Arguments settle_arguments(const Lease& lease, const Settlement& settlement,
                                  const Node& node, unsigned in_flight, WallTime now) {
  const std::vector<mail::Recipient> open = still_open(lease, settlement);
  const char* const mode = open.empty()           ? "done"
                           : settlement.hold      ? "hold"
                           : !settlement.retry_in ? "back"
                           : settlement.counts    ? "defer"
                                                  : "later";
  const milliseconds wait = settlement.retry_in.value_or(milliseconds(0));
  redis::Arguments arguments{node.writer(),
                             text(lease.id),
                             std::to_string(lease.index),
                             std::to_string(lease.fence),
                             mode,
                             std::to_string(std::max<std::int64_t>(0, wait.count())),
                             encode_recipients(open),
                             settlement.last_error.substr(0, 512),
                             settlement.warned || lease.warned ? "1" : "0"};
  append_facts(arguments, timeline_of(lease, settlement, now));
  if (settlement.report)
    append_message(arguments, *settlement.report, node, in_flight,
                   facts_of(*settlement.report, now));
  return arguments;
}

Lease parse_lease(const redis::Reply& item, std::int64_t now, const std::filesystem::path& spool) {
  const auto id = parse_queue_id(item.at(0).text);
  if (!id) throw IoError("the queue holds an id that cannot be read");
  StoredInfo stored = decode_info(*id, item.at(5).text);
  Lease lease;
  static_cast<MessageInfo&>(lease) = std::move(stored.info);
  lease.index = static_cast<unsigned>(item.at(1).integer());
  lease.fence = static_cast<std::uint64_t>(item.at(2).integer());
  lease.attempts = static_cast<unsigned>(item.at(3).integer());
  const std::int64_t created = item.at(4).integer();
  lease.created = to_time(created);
  lease.age = milliseconds(std::max<std::int64_t>(0, now - created));
  lease.recipients = decode_recipients(item.at(6).text);
  auto next_hop = next_hop_of(item.at(7).text);
  if (!next_hop) throw IoError("unknown next hop: " + config::in_quotes(next_hop.error()));
  lease.next_hop = *std::move(next_hop);
  lease.last_error = item.at(8).text;
  lease.warned = item.at(9).text == "1";
  lease.bounce = item.at(10).text == "bounce";
  const redis::Reply &kind = item.at(11), &body = item.at(12);
  lease.body = kind.text == "s" ? Body::in_spool(spool / body.text, stored.bytes)
                                : Body::in_memory(body.text);
  return lease;
}

redis::Arguments hold_arguments(const redis::Reply& item, const Node& node, const Fact& held) {
  const auto field = [&](std::size_t i) { return item.at(i).text; };
  const std::string fence = std::to_string(item.at(2).integer());
  return {node.writer(), field(0),   field(1), fence, "hold",           "0",
          field(6),      held.reply, field(9), "1",   encode_fact(held)};
}

MessageRow parse_row(const redis::Reply& reply) {
  MessageRow row;
  const auto id = parse_queue_id(reply.at(0).text);
  if (!id) throw IoError("the queue holds an id that cannot be read");
  static_cast<MessageInfo&>(row) = decode_info(*id, reply.at(1).text).info;
  row.created = to_time(reply.at(2).integer());
  if (!reply.at(3).text.empty()) row.completed = to_time(reply.at(3).integer());
  for (const redis::Reply& item : reply.at(4).items) {
    DeliveryRow delivery;
    delivery.index = static_cast<unsigned>(item.at(0).integer());
    delivery.state = parse_state(item.at(1).text).value_or(State::ready);
    if (delivery.state == State::deferred) delivery.due = to_time(item.at(2).integer());
    delivery.attempts = static_cast<unsigned>(item.at(3).integer());
    delivery.next_hop = next_hop_of(item.at(4).text);
    delivery.recipients = decode_recipients(item.at(5).text);
    delivery.last_error = item.at(6).text;
    row.deliveries.push_back(std::move(delivery));
  }
  return row;
}

std::vector<Fact> parse_facts(const redis::Reply& reply, QueueId id) {
  std::vector<Fact> facts;
  for (const redis::Reply& entry : reply.items) {
    auto fact = decode_fact(entry.text);
    if (!fact) continue;
    fact->id = id;
    facts.push_back(*std::move(fact));
  }
  return facts;
}

Timeline parse_timeline(const redis::Reply& reply) {
  Timeline timeline;
  static_cast<MessageRow&>(timeline) = parse_row(reply.at(0));
  timeline.events = parse_facts(reply.at(1), timeline.id);
  return timeline;
}

}  // namespace postern::queue
