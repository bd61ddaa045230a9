// queue/model/queue_id.h: the name of an accepted message.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace postern::queue {

/// Stands in the 250, the logs, Received and `trace`. The upper 41 bits are milliseconds since
/// 2020, so that ids sort by age; the lower 23 keep those of one moment apart.
enum class QueueId : std::uint64_t {};

/// 13 characters of Crockford's base 32: upper case, sorts as the number does.
std::string text(QueueId id);
/// Takes lower case too, and I, L, O for 1, 1, 0.
std::optional<QueueId> parse_queue_id(std::string_view text);

/// A new id. Thread-safe.
QueueId make_queue_id(std::chrono::system_clock::time_point now);

/// The id of a report about one try of a delivery, so that a repeated settle makes no second one.
/// `kind` tells several reports of one try apart.
QueueId report_id(QueueId message, unsigned delivery, std::uint64_t fence, unsigned kind);

}  // namespace postern::queue

template <>
struct std::hash<postern::queue::QueueId> {
  std::size_t operator()(postern::queue::QueueId id) const noexcept {
    return std::hash<std::uint64_t>{}(static_cast<std::uint64_t>(id) * 0x9E3779B97F4A7C15U);
  }
};
