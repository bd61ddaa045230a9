// delivery/pace/bounds.h: what attempts at remote hosts may take of a worker.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace postern::delivery {

/// No operator needs to set them; tests do.
struct Bounds {
  /// Attempts of a worker at remote hosts at a time: each may hold a connection, a descriptor and a
  /// body. Mail for mailboxes here stands outside.
  std::size_t attempts = 5000;
  /// Octets that bodies of those hold in memory: three quarters of what all deliveries may.
  std::uint64_t octets = std::uint64_t{192} << 20;
  /// Of the attempts, those that send reports: whoever makes us report chooses where to.
  std::size_t reports = 500;
  /// Of the attempts, those at hosts that let us wait: a tenth, so that however many such hosts
  /// there are, nine tenths serve the others.
  std::size_t silent = 500;
  /// After so long without having greeted us, a host is one of those. Greeting pauses against
  /// spammers are shorter: 6 s with postscreen, 20 to 30 s elsewhere.
  std::chrono::milliseconds patience = std::chrono::seconds(30);
  /// For one attempt as a whole: longer than the longest single wait of RFC 5321 §4.5.3.2 (the ten
  /// minutes of the dot) with what comes before it, but an end for a host whose every reply comes
  /// in the last second.
  std::chrono::milliseconds attempt = std::chrono::minutes(30);
  /// A message is given as much longer as it takes at this pace, the slowest line that is worth a
  /// place: octets a second.
  std::uint64_t slowest_pace = 16 * 1024;
};

}  // namespace postern::delivery
