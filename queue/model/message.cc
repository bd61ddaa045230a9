// queue/model/message.cc: the names of states, and what a filter takes.
#include "queue/model/message.h"

#include <algorithm>
#include <array>

#include "core/mail/encodings.h"

namespace postern::queue {

namespace {

constexpr std::array<std::string_view, 4> states{"ready", "active", "deferred", "held"};

bool matches_delivery(const Filter& filter, const DeliveryRow& row) {
  if (filter.state && *filter.state != row.state) return false;
  const auto wanted = [&](const mail::Recipient& recipient) {
    const mail::EmailAddress& address = recipient.address;
    return (filter.recipient.empty() || address.folded() == mail::lower_case(filter.recipient)) &&
           (filter.domain.empty() || address.domain().text() == mail::lower_case(filter.domain));
  };
  if (filter.recipient.empty() && filter.domain.empty()) return true;
  return std::ranges::any_of(row.recipients, wanted);
}

bool is_to_or_from(const Timeline& timeline, const std::string& folded) {
  const auto is_it = [&](const mail::Recipient& one) { return one.address.folded() == folded; };
  return (timeline.sender && timeline.sender->folded() == folded) ||
         std::ranges::any_of(
             timeline.deliveries,
             [&](const DeliveryRow& row) { return std::ranges::any_of(row.recipients, is_it); }) ||
         std::ranges::any_of(timeline.events, [&](const Fact& event) {
           return mail::lower_case(event.recipient) == folded;
         });
}

}  // namespace

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
    if (found != mail::lower_case(sender)) return false;
  }
  if (!state && recipient.empty() && domain.empty()) return true;
  return std::ranges::any_of(row.deliveries, [&](const DeliveryRow& delivery) {
    return matches_delivery(*this, delivery);
  });
}

bool Sought::matches(const Timeline& timeline) const {
  return (account.empty() || account == timeline.account) &&
         (message_id.empty() || message_id == timeline.message_id) &&
         (address.empty() || is_to_or_from(timeline, mail::lower_case(address)));
}

}  // namespace postern::queue
