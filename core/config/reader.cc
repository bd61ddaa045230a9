// core/config/reader.cc: kinds of values, unknown keys, and where they stand.
#include "core/config/reader.h"

#include <algorithm>

namespace postern::config {

std::string ConfigError::message() const {
  return file + ":" + std::to_string(std::max(1U, line)) + ": " + text;
}

void Report::mistake(unsigned line, std::string text) {
  const auto after = std::ranges::upper_bound(errors_, line, {}, &ConfigError::line);
  errors_.insert(after, {file_.string(), line, std::move(text)});
}

void Report::warn(unsigned line, const std::string& text) {
  warnings_.push_back(ConfigError{file_.string(), line, text}.message());
}

void Report::not_yet(unsigned line, const std::string& feature) {
  if (features_.insert(feature).second) {
    warn(line, feature + " is understood, but this version does not do it yet");
  }
}

Path Report::resolve(const std::string& path) const {
  return (std::filesystem::absolute(file_).parent_path() / path).lexically_normal();
}

net::Address Report::resolve(const net::Address& address) const {
  return address.is_unix() ? net::Address::unix_socket(resolve(address.path()).string()) : address;
}

unsigned line_of(const toml::node& node) { return node.source().begin.line; }

std::string_view kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a fraction";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

const toml::node* Section::find(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end()) known_.push_back(key);
  return table_.get(key);
}

unsigned Section::line(std::string_view key) const {
  const auto found = table_.find(key);
  return found == table_.end() ? line() : found->first.source().begin.line;
}

void Section::mistake(std::string_view key, std::string text) {
  report_.mistake(line(key), std::move(text));
}

void Section::require(std::string_view key, std::string_view meaning) {
  if (!has(key)) {
    report_.mistake(line(), name_ + " has no `" + std::string(key) + "`: " + std::string(meaning));
  }
}

void Section::wrong_kind(std::string_view key, const toml::node& node, std::string_view allowed) {
  report_.mistake(line(key), std::string(key) + " is " + std::string(kind_of(node)) + ", must be " +
                                 std::string(allowed));
}

void Section::wrong_choice(std::string_view key, const std::string& found,
                           std::span<const std::string_view> names) {
  mistake(key, std::string(key) + " is " + in_quotes(found) + ", must be " + any_of(names));
}

std::optional<std::string> Section::text(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto value = node->value_exact<std::string>();
  if (!value) {
    wrong_kind(key, *node, "a string");
    return std::nullopt;
  }
  const bool has_control = std::ranges::any_of(
      *value, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
  if (has_control) {
    mistake(key, std::string(key) + " holds control characters, which no setting may");
    return std::nullopt;
  }
  return value;
}

void Section::take(std::string_view key, std::string& into) {
  if (auto value = text(key)) into = std::move(*value);
}

void Section::take(std::string_view key, Path& into) {
  if (const auto value = text(key)) into = value->empty() ? Path() : report_.resolve(*value);
}

void Section::take(std::string_view key, bool& into) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (const auto value = node->value_exact<bool>()) {
    into = *value;
  } else {
    wrong_kind(key, *node, "true or false");
  }
}

void Section::take_number(std::string_view key, std::uint64_t& into, std::uint64_t low,
                          std::uint64_t high) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const std::string range =
      "a whole number from " + std::to_string(low) + " to " + std::to_string(high);
  const auto value = node->value_exact<std::int64_t>();
  if (!value) {
    wrong_kind(key, *node, range);
  } else if (*value < 0 || static_cast<std::uint64_t>(*value) < low ||
             static_cast<std::uint64_t>(*value) > high) {
    mistake(key, std::string(key) + " is " + std::to_string(*value) + ", must be " + range);
  } else {
    into = static_cast<std::uint64_t>(*value);
  }
}

std::optional<std::uint64_t> Section::optional_number(std::string_view key) {
  if (!has(key)) return std::nullopt;
  std::uint64_t value = 0;
  take_number(key, value, 1, 1'000'000'000);
  return value;
}

void Section::take_fraction(std::string_view key, double& into, double low, double high) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const auto value = node->is_number() ? node->value<double>() : std::nullopt;
  if (value && *value >= low && *value <= high) {
    into = *value;
  } else {
    mistake(key, fmt::format("{} must be a number from {} to {}", key, low, high));
  }
}

void Section::take_size(std::string_view key, std::uint64_t& into) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (const auto bytes = node->value_exact<std::int64_t>(); bytes && *bytes >= 0) {
    into = static_cast<std::uint64_t>(*bytes);
  } else if (!node->is_string()) {
    wrong_kind(key, *node, R"(a size such as "25MB")");
  } else {
    take_parsed(key, into, parse_size);
  }
}

void Section::take_duration(std::string_view key, Milliseconds& into, Milliseconds low) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (!node->is_string()) return wrong_kind(key, *node, R"(a duration such as "90s")");
  Milliseconds value = into;
  take_parsed(key, value, parse_duration);
  if (value < low) return mistake(key, std::string(key) + " must not be zero");
  into = value;
}

std::vector<std::pair<unsigned, std::string>> Section::words(std::string_view key) {
  std::vector<std::pair<unsigned, std::string>> found;
  const toml::node* node = find(key);
  if (node == nullptr) return found;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    if (!node->is_string())
      wrong_kind(key, *node, "an array of strings");
    else if (auto one = text(key))
      found.emplace_back(line(key), std::move(*one));
    return found;
  }
  for (const toml::node& item : *array) {
    if (auto word = item.value_exact<std::string>()) {
      found.emplace_back(line_of(item), std::move(*word));
    } else {
      report_.mistake(line_of(item), std::string(key) + " holds " + std::string(kind_of(item)) +
                                         ", must hold strings only");
    }
  }
  return found;
}

const toml::table* Section::table(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) wrong_kind(key, *node, "a table");
  return node->as_table();
}

std::vector<const toml::table*> Section::tables(std::string_view key) {
  std::vector<const toml::table*> found;
  const toml::node* node = find(key);
  if (node == nullptr) return found;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    wrong_kind(key, *node, "an array of tables, each under [[" + std::string(key) + "]]");
    return found;
  }
  for (const toml::node& item : *array) {
    if (const toml::table* one = item.as_table()) {
      found.push_back(one);
    } else {
      report_.mistake(line_of(item), std::string(key) + " holds " + std::string(kind_of(item)) +
                                         ", must hold tables only");
    }
  }
  return found;
}

void Section::finish() {
  for (const auto& [key, node] : table_) {
    if (std::ranges::find(known_, key.str()) != known_.end()) continue;
    const std::string_view near = nearest(key.str(), known_);
    std::vector<std::string_view> all = known_;
    std::ranges::sort(all);
    report_.mistake(key.source().begin.line,
                    "unknown key " + in_quotes(key.str()) + (name_.empty() ? "" : " in " + name_) +
                        (near.empty() ? "; allowed: " + any_of(all)
                                      : "; did you mean \"" + std::string(near) + "\"?"));
  }
}

}  // namespace postern::config
