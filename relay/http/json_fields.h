// relay/http/json_fields.h: which members a request may have, in its JSON or its query, and what
// they hold.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/json.h"

namespace postern::http {

enum class JsonKind : std::uint8_t { text, truth, number, object, list, texts, text_or_texts };

struct JsonField {
  std::string_view name;
  JsonKind kind;
};

/// What is wrong with `object`, for a person: it is none, it has a key that is not `known`, or one
/// that holds something else than its kind. None: every key is known, and can be read as what it
/// is. What lies deeper than the items of a list is not looked at.
std::optional<std::string> mistake_in(const Json& object, std::span<const JsonField> known);

/// `object` without the keys that are null, where null says that a value was left out.
Json without_nulls(Json object);

}  // namespace postern::http
