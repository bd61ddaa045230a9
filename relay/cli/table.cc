// relay/cli/table.cc: columns as wide as their widest value.
#include "relay/cli/table.h"

#include <algorithm>
#include <vector>

#include "core/json.h"

namespace postern::relay {

namespace {

/// What strangers sent may hold terminal escapes.
std::string harmless(std::string text) {
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return text;
}

std::string cell(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_string())
    return value.get<std::string>().empty() ? "-" : harmless(value.get<std::string>());
  if (!value.is_array()) return write_json(value);
  std::string joined;
  for (const auto& item : value) joined += (joined.empty() ? "" : ",") + cell(item);
  return joined.empty() ? "-" : joined;
}

bool is_nested(const Json& value) {
  return value.is_object() || (value.is_array() && !value.empty() && value.front().is_object());
}

void print_rows(std::string& out, const Json& rows, const std::string& indent) {
  for (const auto& row : rows) {
    std::string line;
    for (const auto& [name, field] : row.items())
      line += (line.empty() ? "" : "  ") + name + "=" + cell(field);
    out += indent + line + "\n";
  }
}

/// What is short stands first.
void print_object(std::string& out, const Json& object, const std::string& indent) {
  for (const auto& [key, value] : object.items()) {
    if (!is_nested(value)) out += indent + key + ": " + cell(value) + "\n";
  }
  for (const auto& [key, value] : object.items()) {
    if (!is_nested(value)) continue;
    out += indent + key + ":\n";
    (value.is_object() ? print_object : print_rows)(out, value, indent + "  ");
  }
}

}  // namespace

std::string render_listing(std::string_view body, bool json,
                           std::initializer_list<std::string_view> columns) {
  const Json rows = expect_json(body);
  if (json) return write_json(rows, 2) + "\n";
  if (rows.empty()) return "";
  std::vector<std::vector<std::string>> table(1);
  for (const auto column : columns) table.front().emplace_back(column);
  for (const auto& row : rows) {
    auto& line = table.emplace_back();
    for (const auto column : columns) line.push_back(cell(row.value(std::string(column), Json())));
  }
  std::vector<std::size_t> widths(columns.size());
  for (const auto& line : table)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  std::string text;
  for (const auto& line : table) {
    std::string shown;
    for (std::size_t i = 0; i < line.size(); ++i)
      shown += fmt::format("{:<{}}  ", line[i], widths[i]);
    text += shown.substr(0, shown.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string render_object(std::string_view body, bool json) {
  const Json object = expect_json(body);
  if (json) return write_json(object, 2) + "\n";
  std::string text;
  print_object(text, object, "");
  return text;
}

std::string render_objects(std::string_view body, bool json) {
  const Json objects = expect_json(body);
  if (json) return write_json(objects, 2) + "\n";
  std::string text;
  for (const auto& object : objects) {
    if (!text.empty()) text += "\n";
    print_object(text, object, "");
  }
  return text;
}

}  // namespace postern::relay
