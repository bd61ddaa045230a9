// relay/api/json_views.cc: rows, deliveries, timelines.
#include "relay/api/json_views.h"

#include <fmt/chrono.h>

#include <set>

namespace postern::http {
namespace {

std::string sender_text(const mail::ReversePath& sender) { return sender ? sender->text() : ""; }

Json addresses(const std::vector<mail::Recipient>& recipients) {
  Json all = Json::array();
  for (const mail::Recipient& recipient : recipients) all.push_back(recipient.address.text());
  return all;
}

std::string next_hop_text(const queue::DeliveryRow& row) {
  return row.next_hop ? queue::text(*row.next_hop) : row.next_hop.error();
}

Json all_recipients(const queue::MessageRow& row) {
  Json all = Json::array();
  for (const auto& delivery : row.deliveries) {
    for (const auto& recipient : delivery.recipients) all.push_back(recipient.address.text());
  }
  return all;
}

/// Those whose mail has ended, and those whose mail is open; each once.
Json known_recipients(const queue::Timeline& timeline) {
  std::set<std::string> known;
  Json all = Json::array();
  const auto add = [&](const std::string& address) {
    if (!address.empty() && known.insert(address).second) all.push_back(address);
  };
  for (const queue::Fact& fact : timeline.events) {
    if (fact.kind != queue::FactKind::expanded) add(fact.recipient);  // its targets stand here
  }
  for (const queue::DeliveryRow& row : timeline.deliveries) {
    for (const mail::Recipient& recipient : row.recipients) add(recipient.address.text());
  }
  return all;
}

Json time_or_null(const std::optional<queue::WallTime>& time) {
  return time ? Json(time_text(*time)) : Json(nullptr);
}

/// Of several deliveries, the state that wants an operator's eye first.
queue::State state_of(const queue::MessageRow& row) {
  for (const auto state : {queue::State::held, queue::State::active, queue::State::deferred}) {
    for (const auto& delivery : row.deliveries) {
      if (delivery.state == state) return state;
    }
  }
  return queue::State::ready;
}

void put(Json& object, const char* key, const std::string& value) {
  if (!value.empty()) object[key] = value;
}

}  // namespace

std::string time_text(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

Json view(const queue::MessageRow& row) {
  unsigned attempts = 0;
  std::string last_error;
  std::optional<queue::WallTime> next;
  for (const auto& delivery : row.deliveries) {
    attempts = std::max(attempts, delivery.attempts);
    if (!delivery.last_error.empty()) last_error = delivery.last_error;
    if (delivery.due && (!next || *delivery.due < *next)) next = delivery.due;
  }
  return {{"id", queue::text(row.id)},
          {"state", queue::name(state_of(row))},
          {"sender", sender_text(row.sender)},
          {"recipients", all_recipients(row)},
          {"size", row.size},
          {"created", time_text(row.created)},
          {"next_attempt", time_or_null(next)},
          {"attempts", attempts},
          {"last_error", last_error}};
}

Json view_in_full(const queue::MessageRow& row) {
  Json object = view(row);
  put(object, "message_id", row.message_id);
  put(object, "subject", row.subject);
  object["deliveries"] = Json::array();
  for (const auto& delivery : row.deliveries) {
    object["deliveries"].push_back({{"next_hop", next_hop_text(delivery)},
                                    {"state", queue::name(delivery.state)},
                                    {"recipients", addresses(delivery.recipients)},
                                    {"next_attempt", time_or_null(delivery.due)},
                                    {"attempts", delivery.attempts},
                                    {"last_error", delivery.last_error}});
  }
  return object;
}

Json view(const queue::Timeline& timeline) {
  Json object{{"id", queue::text(timeline.id)},
              {"time", time_text(timeline.received)},
              {"sender", sender_text(timeline.sender)},
              {"recipients", known_recipients(timeline)}};
  put(object, "message_id", timeline.message_id);
  put(object, "subject", timeline.subject);
  object["size"] = timeline.size;
  object["state"] = timeline.completed ? "done" : "queued";
  object["events"] = Json::array();
  for (const queue::Fact& event : timeline.events) {
    Json item{{"time", time_text(event.at)}, {"event", queue::name(event.kind)}};
    put(item, "recipient", event.recipient);
    if (event.attempt > 0) item["attempt"] = event.attempt;
    put(item, "host", event.host);
    put(item, "address", event.address);
    put(item, "tls", event.tls);
    put(item, "status", event.status);
    put(item, "reply", event.reply);
    object["events"].push_back(std::move(item));
  }
  return object;
}

}  // namespace postern::http
