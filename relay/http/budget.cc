// relay/http/budget.cc: counting octets under one lock.
#include "relay/http/budget.h"

#include <utility>

namespace postern::http {

Budget::Share::Share(Share&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)),
      holder_(std::move(other.holder_)),
      octets_(std::exchange(other.octets_, 0)) {}

Budget::Share& Budget::Share::operator=(Share&& other) noexcept {
  std::swap(budget_, other.budget_);
  std::swap(holder_, other.holder_);
  std::swap(octets_, other.octets_);
  return *this;
}

Budget::Share::~Share() {
  if (octets_ > 0) budget_->give_back(holder_, octets_);
}

bool Budget::Share::grow(std::uint64_t octets) {
  if (!budget_->take(holder_, octets)) return false;
  octets_ += octets;
  return true;
}

void Budget::Share::shrink_to(std::uint64_t octets) {
  if (octets >= octets_) return;
  budget_->give_back(holder_, octets_ - octets);
  octets_ = octets;
}

bool Budget::take(const std::string& holder, std::uint64_t octets) {
  if (octets == 0) return true;
  const std::scoped_lock lock(mutex_);
  const auto found = by_holder_.find(holder);
  const std::uint64_t theirs = found == by_holder_.end() ? 0 : found->second;
  const bool fits = used_ + octets <= bound_ && theirs + octets <= bound_ / 2;
  if (!fits && used_ > 0) return false;
  by_holder_[holder] = theirs + octets;
  used_ += octets;
  return true;
}

void Budget::give_back(const std::string& holder, std::uint64_t octets) {
  const std::scoped_lock lock(mutex_);
  used_ -= octets;
  const auto found = by_holder_.find(holder);
  found->second -= octets;
  if (found->second == 0) by_holder_.erase(found);
}

std::uint64_t Budget::used() const {
  const std::scoped_lock lock(mutex_);
  return used_;
}

}  // namespace postern::http
