// delivery/pace/places.cc: counts attempts, by whoever answers for them.
#include "delivery/pace/places.h"

#include <utility>

#include "core/net/address_kinds.h"

namespace postern::delivery {
namespace {

constexpr std::string_view holder_of_reports = "reports";

}  // namespace

std::string holder_of(const queue::MessageInfo& message) {
  if (!message.account.empty()) return "account " + message.account;
  const auto address = net::Address::parse_ip(message.client);
  if (address) return "client " + net::host_of(*address).ip();
  return message.sender ? "client " + message.client : std::string(holder_of_reports);
}

bool Places::has_room(const Bounds& bounds) const {
  return taken_ < bounds.attempts && octets_ < bounds.octets;
}

bool Places::has_room_for(const std::string& holder, const Bounds& bounds) const {
  if (!has_room(bounds)) return false;
  const auto found = by_holder_.find(holder);
  const std::size_t held = found == by_holder_.end() ? 0 : found->second;
  return held < bounds.attempts - taken_ && (holder != holder_of_reports || held < bounds.reports);
}

Places::Place::Place(Places& places, std::string holder, std::uint64_t octets)
    : places_(places), holder_(std::move(holder)), octets_(octets) {
  ++places_.taken_;
  places_.octets_ += octets_;
  ++places_.by_holder_[holder_];
}

Places::Place::~Place() {
  --places_.taken_;
  places_.octets_ -= octets_;
  const auto at = places_.by_holder_.find(holder_);
  if (--at->second == 0) places_.by_holder_.erase(at);
}

}  // namespace postern::delivery
