// tests/bench/load/run.h: what generator and sink count together.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

namespace postern::bench {

using Clock = std::chrono::steady_clock;

/// The line that numbers a message, so that the sink knows whose it is.
constexpr std::string_view mark = "\r\nX-Bench: ";

struct Run {
  std::vector<Clock::time_point> begun;  ///< MAIL of each message
  std::vector<double> latencies;         ///< milliseconds from MAIL to the sink's final dot
  std::uint64_t accepted = 0;            ///< messages that got their 250
  std::uint64_t refused = 0;             ///< messages that got another reply, or none
  std::uint64_t arrived = 0;             ///< recipients of messages that the sink has whole
  Clock::time_point last_accepted, last_arrived;
};

}  // namespace postern::bench
