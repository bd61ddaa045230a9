// core/rate_meter.h: how often something happened within the last minute.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>

namespace postern {

/// Sixty counts, one a second. Thread-safe.
class RateMeter {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void add(Time now) {
    const std::lock_guard lock(mutex_);
    Slot& slot = slots_[second(now) % slots_.size()];
    if (slot.second != second(now)) slot = {second(now), 0};
    ++slot.count;
  }
  std::uint64_t per_minute(Time now) const {
    const std::lock_guard lock(mutex_);
    std::uint64_t sum = 0;
    for (const Slot& slot : slots_) {
      if (slot.second + slots_.size() > second(now)) sum += slot.count;
    }
    return sum;
  }

 private:
  struct Slot {
    std::uint64_t second = 0, count = 0;
  };
  static std::uint64_t second(Time time) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
  }
  mutable std::mutex mutex_;
  std::array<Slot, 60> slots_{};
};

}  // namespace postern
