#include "delivery/attempt/events.h"

#include <array>

namespace postern::delivery {

std::string_view name(Fact fact) {
  constexpr std::array<std::string_view, 6> names{"attempt", "delivered", "deferred",
                                                  "bounced", "expired",   "discarded"};
  return names[static_cast<std::size_t>(fact)];
}

}  // namespace postern::delivery
