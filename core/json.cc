// core/json.cc: the library with our choices: no exceptions for text, no octets that are not UTF-8.
#include "core/json.h"

#include "core/error.h"
#include "core/sha256.h"

namespace postern {
namespace {

/// Where the library writes to, piece by piece.
class HashedOutput final : public nlohmann::detail::output_adapter_protocol<char> {
 public:
  explicit HashedOutput(Sha256& hash) : hash_(hash) {}
  void write_character(char one) override { hash_.update({&one, 1}); }
  void write_characters(const char* text, std::size_t size) override { hash_.update({text, size}); }

 private:
  Sha256& hash_;
};

}  // namespace

Json parse_json(std::string_view text) { return Json::parse(text, nullptr, false); }

Json expect_json(std::string_view text) {
  Json json = parse_json(text);
  if (json.is_discarded()) throw IoError("an answer that is not JSON");
  return json;
}

std::string write_json(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string sha256_of_json(const Json& json) {
  Sha256 hash;
  nlohmann::detail::serializer<Json> writer(std::make_shared<HashedOutput>(hash), ' ',
                                            Json::error_handler_t::replace);
  writer.dump(json, false, false, 0);
  return hash.finish();
}

}  // namespace postern
