// mailbox/imap/grammar/sequence_set.cc: reads and writes sets of message numbers.
#include "mailbox/imap/grammar/sequence_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/number.h"

namespace postern::imap {
namespace {

/// A nz-number, or 0 for the star.
std::optional<std::uint32_t> parse_position(std::string_view text) {
  if (text == "*") return 0;
  if (text.starts_with('0')) return {};
  return parse_number<std::uint32_t>(text);
}

}  // namespace

std::expected<SequenceSet, SyntaxError> SequenceSet::parse(std::string_view text) {
  SequenceSet set;
  std::size_t position = 0;
  while (true) {
    const std::size_t comma = std::min(text.find(',', position), text.size());
    const std::string_view part = text.substr(position, comma - position);
    const std::size_t colon = part.find(':');
    const auto first = parse_position(part.substr(0, colon));
    const auto last =
        colon == std::string_view::npos ? first : parse_position(part.substr(colon + 1));
    if (!first || !last) return std::unexpected(SyntaxError{"not a set of numbers", position});
    set.parts_.push_back({*first, *last});
    if (comma == text.size()) return set;
    position = comma + 1;
  }
}

std::vector<Interval> SequenceSet::resolve(std::uint32_t largest) const {
  std::vector<Interval> intervals;
  for (const Interval& part : parts_) {
    const std::uint32_t first = part.first == star ? largest : part.first;
    const std::uint32_t last = part.last == star ? largest : part.last;
    const auto [low, high] = std::minmax(first, last);
    if (high != 0) intervals.push_back({std::max(low, 1u), high});
  }
  std::ranges::sort(intervals, {}, &Interval::first);
  std::vector<Interval> merged;
  for (const Interval& next : intervals) {
    if (!merged.empty() && next.first - 1 <= merged.back().last) {
      merged.back().last = std::max(merged.back().last, next.last);
    } else {
      merged.push_back(next);
    }
  }
  return merged;
}

bool SequenceSet::is_within(std::uint32_t largest) const {
  return std::ranges::all_of(parts_, [&](const Interval& part) {
    const bool is_all =
        std::min(part.first, part.last) == star && std::max(part.first, part.last) == 1;
    return is_all || (largest != 0 && part.first <= largest && part.last <= largest);
  });
}

bool contains(std::span<const Interval> intervals, std::uint32_t number) {
  const auto after = std::ranges::upper_bound(intervals, number, {}, &Interval::first);
  return after != intervals.begin() && number <= std::prev(after)->last;
}

std::vector<Interval> intersection(std::span<const Interval> a, std::span<const Interval> b) {
  std::vector<Interval> common;
  while (!a.empty() && !b.empty()) {
    const std::uint32_t first = std::max(a.front().first, b.front().first);
    const std::uint32_t last = std::min(a.front().last, b.front().last);
    if (first <= last) common.push_back({first, last});
    auto& ends_first = a.front().last < b.front().last ? a : b;
    ends_first = ends_first.subspan(1);
  }
  return common;
}

std::string write_set(std::span<const Interval> intervals) {
  std::string text;
  for (const auto& [first, last] : intervals) {
    if (!text.empty()) text += ',';
    text += first == last ? fmt::format("{}", first) : fmt::format("{}:{}", first, last);
  }
  return text;
}

std::string write_set(std::span<const std::uint32_t> numbers) {
  std::vector<Interval> intervals;
  for (const std::uint32_t number : numbers) {
    if (!intervals.empty() && intervals.back().last + 1 == number) {
      intervals.back().last = number;
    } else {
      intervals.push_back({number, number});
    }
  }
  return write_set(intervals);
}

}  // namespace postern::imap
