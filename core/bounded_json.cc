// core/bounded_json.cc: the library's events, each counted before it is obeyed.
#include "core/bounded_json.h"

#include <fmt/format.h>

namespace postern {
namespace {

class BoundedBuilder final : public nlohmann::json_sax<Json> {
 public:
  BoundedBuilder(Json& root, JsonBounds bounds) : bounds_(bounds), build_(root, false) {}
  const std::string& flaw() const { return flaw_; }

  bool null() override { return count() && build_.null(); }
  bool boolean(bool value) override { return count() && build_.boolean(value); }
  bool number_integer(number_integer_t value) override {
    return count() && build_.number_integer(value);
  }
  bool number_unsigned(number_unsigned_t value) override {
    return count() && build_.number_unsigned(value);
  }
  bool number_float(number_float_t value, const string_t& text) override {
    return count() && build_.number_float(value, text);
  }
  bool string(string_t& value) override { return count() && build_.string(value); }
  bool binary(binary_t& value) override { return count() && build_.binary(value); }
  bool key(string_t& value) override { return count() && build_.key(value); }
  bool start_object(std::size_t size) override {
    return count() && enter() && build_.start_object(size);
  }
  bool start_array(std::size_t size) override {
    return count() && enter() && build_.start_array(size);
  }
  bool end_object() override {
    --depth_;
    return build_.end_object();
  }
  bool end_array() override {
    --depth_;
    return build_.end_array();
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return refuse("is not JSON");
  }

 private:
  bool count() {
    if (++values_ <= bounds_.values) return true;
    return refuse(fmt::format("has more than {} values", bounds_.values));
  }
  bool enter() {
    if (++depth_ <= bounds_.depth) return true;
    return refuse(fmt::format("is nested more than {} deep", bounds_.depth));
  }
  bool refuse(std::string flaw) {
    flaw_ = std::move(flaw);
    return false;
  }

  JsonBounds bounds_;
  nlohmann::detail::json_sax_dom_parser<Json> build_;
  std::size_t values_ = 0, depth_ = 0;
  std::string flaw_;
};

}  // namespace

std::expected<Json, std::string> parse_bounded_json(std::string_view text, JsonBounds bounds) {
  Json root;
  BoundedBuilder builder(root, bounds);
  if (!Json::sax_parse(text, &builder)) return std::unexpected(builder.flaw());
  return root;
}

}  // namespace postern
