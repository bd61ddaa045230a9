// core/json.h: JSON, parsed and written in one place: the library's templates are slow to compile.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace postern {

using Json = nlohmann::json;

/// `is_discarded()` when `text` is not JSON.
Json parse_json(std::string_view text);

/// What must be JSON; IoError when it is not.
Json expect_json(std::string_view text);

/// One line, or with an indent as many as a person wants; octets that are not UTF-8 come out as
/// U+FFFD.
std::string write_json(const Json& json, int indent = -1);

}  // namespace postern
