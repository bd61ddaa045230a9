// mailbox/imap/grammar/sequence_set.h: sets of message numbers or UIDs, such as 1,3:5,9:* (RFC 3501
// §9, `sequence-set`).
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace postern::imap {

/// Numbers first to last, both included.
struct Interval {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  bool operator==(const Interval&) const = default;
};

class SequenceSet {
 public:
  static std::expected<SequenceSet, SyntaxError> parse(std::string_view text);
  SequenceSet() = default;

  /// The set as ascending intervals that do not touch, with `largest` for the star. What lies above
  /// `largest` is kept. With `largest` 0 (nothing there) a star alone stands for nothing.
  std::vector<Interval> resolve(std::uint32_t largest) const;

  /// True when each number exists among 1 to `largest`; a star does if `largest` is not 0 (RFC 3501
  /// §9, seq-number). 1:* is all messages, also where there are none: clients ask so without a
  /// look.
  bool is_within(std::uint32_t largest) const;

 private:
  static constexpr std::uint32_t star = 0;  // no number is 0
  std::vector<Interval> parts_;             // as written; either end may be the star
};

bool contains(std::span<const Interval> intervals, std::uint32_t number);

/// What two lists of ascending intervals have in common.
std::vector<Interval> intersection(std::span<const Interval> a, std::span<const Interval> b);

/// Writes ascending intervals that do not touch: 1:3,5.
std::string write_set(std::span<const Interval> intervals);
/// Writes numbers in the shortest form that keeps their order.
std::string write_set(std::span<const std::uint32_t> numbers);

}  // namespace postern::imap
