// relay/http/json_fields.cc: an object held against the keys that it may have.
#include "relay/http/json_fields.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::http {
namespace {

constexpr std::size_t longest_echo = 60;

bool holds_texts(const Json& value) {
  return value.is_array() &&
         std::ranges::all_of(value, [](const Json& item) { return item.is_string(); });
}

bool is_of(JsonKind kind, const Json& value) {
  switch (kind) {
    case JsonKind::text:
      return value.is_string();
    case JsonKind::truth:
      return value.is_boolean();
    case JsonKind::number:
      return value.is_number_integer();
    case JsonKind::object:
      return value.is_object();
    case JsonKind::list:
      return value.is_array();
    case JsonKind::texts:
      return holds_texts(value);
    case JsonKind::text_or_texts:
      return value.is_string() || holds_texts(value);
  }
  return false;
}

std::string_view words(JsonKind kind) {
  switch (kind) {
    case JsonKind::text:
      return "a text";
    case JsonKind::truth:
      return "true or false";
    case JsonKind::number:
      return "a whole number";
    case JsonKind::object:
      return "an object";
    case JsonKind::list:
      return "an array";
    case JsonKind::texts:
      return "an array of texts";
    case JsonKind::text_or_texts:
      return "a text or an array of texts";
  }
  return "";
}

std::string unknown_key(const std::string& key, std::span<const JsonField> known) {
  std::string names;
  for (const JsonField& field : known) {
    names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", field.name);
  }
  return fmt::format("\"{}\" is not known; known: {}", key.substr(0, longest_echo),
                     names.empty() ? "none" : names);
}

}  // namespace

std::optional<std::string> mistake_in(const Json& object, std::span<const JsonField> known) {
  if (!object.is_object()) return "a JSON object is due";
  for (const auto& [key, value] : object.items()) {
    const auto field = std::ranges::find(known, key, &JsonField::name);
    if (field == known.end()) return unknown_key(key, known);
    if (!is_of(field->kind, value)) return fmt::format("\"{}\" is {}", key, words(field->kind));
  }
  return {};
}

Json without_nulls(Json object) {
  if (!object.is_object()) return object;
  for (auto entry = object.begin(); entry != object.end();) {
    entry = entry->is_null() ? object.erase(entry) : std::next(entry);
  }
  return object;
}

}  // namespace postern::http
