// queue/message.cc: the names of states and outcomes, and what a filter takes.
#include "queue/message.h"

#include <algorithm>
#include <array>

namespace postern::queue {

namespace {

constexpr std::array<std::string_view, 6> outcomes{"delivered", "relayed",  "bounced",
                                                   "discarded", "expanded", "expired"};
constexpr std::array<std::string_view, 4> states{"ready", "active", "deferred", "held"};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return result;
}

bool matches_delivery(const Filter& filter, const DeliveryRow& row) {
  if (filter.state && *filter.state != row.state) return false;
  const auto wanted = [&](const mail::Recipient& recipient) {
    const mail::EmailAddress& address = recipient.address;
    return (filter.recipient.empty() || address.folded() == lower(filter.recipient)) &&
           (filter.domain.empty() || address.domain().text() == lower(filter.domain));
  };
  if (filter.recipient.empty() && filter.domain.empty()) return true;
  return std::ranges::any_of(row.recipients, wanted);
}

}  // namespace

std::string_view name(Outcome outcome) { return outcomes[static_cast<std::size_t>(outcome)]; }
std::string_view name(State state) { return states[static_cast<std::size_t>(state)]; }

std::optional<State> parse_state(std::string_view text) {
  const auto found = std::ranges::find(states, text);
  if (found == states.end()) return std::nullopt;
  return static_cast<State>(found - states.begin());
}

bool Filter::matches(const MessageRow& row) const {
  if (!account.empty() && account != row.account) return false;
  if (!sender.empty()) {
    const std::string found = row.sender ? row.sender->folded() : "<>";
    if (found != lower(sender)) return false;
  }
  if (!state && recipient.empty() && domain.empty()) return true;
  return std::ranges::any_of(row.deliveries, [&](const DeliveryRow& delivery) {
    return matches_delivery(*this, delivery);
  });
}

}  // namespace postern::queue
