// core/json.cc: see json.h.
#include "core/json.h"

namespace postern {

Json parse_json(std::string_view text) { return Json::parse(text, nullptr, false); }

std::string write_json(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace postern
