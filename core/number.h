// core/number.h: whole numbers in text.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

namespace postern {

/// `digits` in decimal, and nothing around them; signed types take a '-' in front. None when it is
/// no number, or does not fit.
template <std::integral Number>
std::optional<Number> parse_number(std::string_view digits) {
  Number number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (digits.empty() || error != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace postern
