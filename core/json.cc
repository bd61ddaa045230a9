// core/json.cc: parsing and writing JSON, compiled once for the whole program.
#include "core/json.h"

#include "core/error.h"

namespace postern {

Json parse_json(std::string_view text) { return Json::parse(text, nullptr, false); }

Json expect_json(std::string_view text) {
  Json json = parse_json(text);
  if (json.is_discarded()) throw IoError("an answer that is not JSON");
  return json;
}

std::string write_json(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace postern
