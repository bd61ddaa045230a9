// mailbox/store/find_near.h: a search in sorted things for one who walks through them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <span>

namespace postern::mailbox {

/// The one of `sorted` whose `key` is `value`, or null. `near` is the place where the last one was
/// found, and becomes the place of this one: the next in order is found without a search.
template <class Thing, class Value, class Key>
const Thing* find_near(std::span<const Thing> sorted, const Value& value, Key key,
                       std::size_t& near) {
  for (const std::size_t at : {near, near + 1}) {
    if (at < sorted.size() && std::invoke(key, sorted[at]) == value) {
      near = at;
      return &sorted[at];
    }
  }
  const auto found = std::ranges::lower_bound(sorted, value, {}, key);
  if (found == sorted.end() || std::invoke(key, *found) != value) return nullptr;
  near = static_cast<std::size_t>(found - sorted.begin());
  return &*found;
}

}  // namespace postern::mailbox
