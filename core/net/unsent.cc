// core/net/unsent.cc: one count for all loops.
#include "core/net/unsent.h"

#include <atomic>

namespace postern::net::detail {

namespace {
std::atomic<std::size_t> total{0};
}  // namespace

void unsent_changed(std::size_t before, std::size_t now) noexcept {
  if (before != now) total.fetch_add(now - before, std::memory_order_relaxed);  // modulo 2^64
}

std::size_t all_unsent() noexcept { return total.load(std::memory_order_relaxed); }

}  // namespace postern::net::detail
