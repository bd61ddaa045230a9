// core/net/unsent.h: what all connections of the process hold for peers that do not take it.
#pragma once

#include <cstddef>

namespace postern::net::detail {

/// Octets. Past it nobody queues more than a few, and who takes nothing is given up soon.
inline constexpr std::size_t unsent_limit = 64 * 1024 * 1024;

/// A connection that had `before` octets unsent has `now`. Thread-safe, as is all here.
void unsent_changed(std::size_t before, std::size_t now) noexcept;
std::size_t all_unsent() noexcept;
inline bool too_much_is_unsent() noexcept { return all_unsent() > unsent_limit; }

}  // namespace postern::net::detail
