// relay/cli/table.h: a listing, as JSON or as columns for a person.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace postern::relay {

/// `body` is a JSON array of objects. With `json` it is given back as it is, else as a table of
/// `columns` (keys of the objects), which shows lists joined by commas, absent values as "-",
/// control characters as "?".
std::string render_listing(std::string_view body, bool json,
                           std::initializer_list<std::string_view> columns);

/// One JSON object as "key: value" lines; with `json` as it is.
std::string render_object(std::string_view body, bool json);

/// A JSON array of objects, each as render_object shows it, an empty line between them.
std::string render_objects(std::string_view body, bool json);

}  // namespace postern::relay
