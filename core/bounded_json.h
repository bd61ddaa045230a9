// core/bounded_json.h: a stranger's JSON, counted as it is read, so that nothing is built of what
// is too deep or too much.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "core/json.h"

namespace postern {

struct JsonBounds {
  std::size_t depth = 32;       ///< objects and arrays within each other
  std::size_t values = 20'000;  ///< texts, numbers, objects and all else, keys included
};

/// The value, or what is wrong with the text, as the end of a sentence: "is not JSON".
std::expected<Json, std::string> parse_bounded_json(std::string_view text, JsonBounds bounds);

}  // namespace postern
