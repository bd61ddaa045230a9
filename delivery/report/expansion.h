// delivery/report/expansion.h: that an alias took a message, for who asked to hear of success.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "delivery/settings.h"
#include "queue/model/message.h"

namespace postern::delivery {

/// The report that `aliases` have become several recipients each (RFC 3461 §5.2.7, `expanded` of
/// RFC 3464 §2.3.3), without its deliveries; none when no one of them was to be told, or the sender
/// is <>. Names the aliases as the sender wrote them, and nobody behind them. `header` is the
/// message's. Pure.
std::optional<queue::NewMessage> make_expansion_report(const queue::NewMessage& message,
                                                       std::vector<mail::Recipient> aliases,
                                                       std::string_view header,
                                                       const Settings& settings,
                                                       std::chrono::system_clock::time_point now);

}  // namespace postern::delivery
