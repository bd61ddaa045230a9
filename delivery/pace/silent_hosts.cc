// delivery/pace/silent_hosts.cc: remembers who kept silent, and counts who is waited for.
#include "delivery/pace/silent_hosts.h"

#include <algorithm>
#include <utility>

#include "core/async/loop.h"
#include "core/net/address_kinds.h"

namespace postern::delivery {

bool SilentHosts::is_known(const net::Address& address, Clock::time_point now) {
  const auto found = known_.find(net::host_of(address));
  return found != known_.end() && now < found->second + remembered;
}

void SilentHosts::remember(const net::Address& address, Clock::time_point now) {
  known_[net::host_of(address)] = now;
  if (known_.size() <= most_known) return;
  known_.erase(std::ranges::min_element(known_, {}, [](const auto& one) { return one.second; }));
}

void SilentHosts::forget(const net::Address& address) { known_.erase(net::host_of(address)); }

SilentHosts::Visit::Visit(SilentHosts& hosts, net::Address address, const Bounds& bounds)
    : hosts_(hosts), address_(std::move(address)), bounds_(bounds) {
  if (hosts_.is_known(address_, Loop::current().now()) && !take_slot()) throw NoSlotForSilent();
}

SilentHosts::Visit::~Visit() {
  if (has_slot_) --hosts_.visited_;
}

bool SilentHosts::Visit::take_slot() {
  if (has_slot_) return true;
  if (hosts_.visited_ >= bounds_.silent) return false;
  ++hosts_.visited_;
  return has_slot_ = true;
}

void SilentHosts::Visit::time_is_up() {
  hosts_.remember(address_, Loop::current().now());
  if (take_slot()) return;
  ran_out_ = true;
  opening_->cancel();
}

}  // namespace postern::delivery
