// core/config/reader.h: takes values out of TOML tables and notes every mistake with its line.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/toml.h"
#include "core/config/values.h"

namespace postern::config {

/// Where mistakes and warnings of one file are collected.
class Report {
 public:
  explicit Report(Path file) : file_(std::move(file)) {}
  void mistake(unsigned line, std::string text);
  /// Once for each feature.
  void not_yet(unsigned line, const std::string& feature);
  void warn(unsigned line, const std::string& text);

  /// Relative to the file's folder.
  Path resolve(const std::string& path) const;
  net::Address resolve(const net::Address& address) const;            // the path of a unix socket
  const std::vector<ConfigError>& errors() const { return errors_; }  // in the order of the file
  const std::vector<std::string>& warnings() const { return warnings_; }
  const Path& file() const { return file_; }

 private:
  Path file_;
  std::vector<ConfigError> errors_;
  std::vector<std::string> warnings_;
  std::set<std::string> features_;
};

unsigned line_of(const toml::node& node);
std::string_view kind_of(const toml::node& node);

/// One table while it is read. Each `take…` leaves its target alone when the key is missing, and
/// notes a mistake when the value will not do. finish() refuses the keys that nobody took.
class Section {
 public:
  /// `name` as a person would write it: "[limits]"; empty for the top of the file.
  Section(Report& report, const toml::table& table, std::string name)
      : report_(report), table_(table), name_(std::move(name)) {}

  const toml::node* find(std::string_view key);
  bool has(std::string_view key) { return find(key) != nullptr; }
  unsigned line() const { return line_of(table_); }
  unsigned line(std::string_view key) const;
  Report& report() { return report_; }
  void mistake(std::string_view key, std::string text);
  /// Notes that a key is missing.
  void require(std::string_view key, std::string_view meaning);

  std::optional<std::string> text(std::string_view key);
  void take(std::string_view key, std::string& into);
  void take(std::string_view key, bool& into);
  void take(std::string_view key, Path& into);  // resolved; "" stays empty
  void take_number(std::string_view key, std::uint64_t& into, std::uint64_t low,
                   std::uint64_t high);
  /// A number from 1 to 10^9 that may be absent.
  std::optional<std::uint64_t> optional_number(std::string_view key);
  void take_fraction(std::string_view key, double& into, double low, double high);
  void take_size(std::string_view key, std::uint64_t& into);  // an integer is bytes
  void take_duration(std::string_view key, Milliseconds& into, Milliseconds low = Milliseconds(1));

  /// One of `words`.
  template <class T, std::size_t n>
  void take_choice(std::string_view key, T& into,
                   const std::array<std::pair<std::string_view, T>, n>& words) {
    const auto found = text(key);
    if (!found) return;
    std::vector<std::string_view> names;
    for (const auto& [word, value] : words) {
      if (*found == word) {
        into = value;
        return;
      }
      names.push_back(word);
    }
    wrong_choice(key, *found, names);
  }

  /// A string that `parse` (string_view → expected<T, string>) understands.
  template <class T, class F>
  void take_parsed(std::string_view key, T& into, F parse) {
    const auto found = text(key);
    if (!found) return;
    auto value = parse(std::string_view(*found));
    if (value) {
      into = std::move(*value);
    } else {
      mistake(key, std::string(key) + ": " + std::move(value.error()));
    }
  }

  /// An array of such strings; one string alone will do.
  template <class T, class F>
  void take_list(std::string_view key, std::vector<T>& into, F parse) {
    std::vector<T> values;
    for (const auto& [line, word] : words(key)) {
      auto value = parse(std::string_view(word));
      if (value) {
        values.push_back(std::move(*value));
      } else {
        report_.mistake(line, std::string(key) + ": " + std::move(value.error()));
      }
    }
    if (has(key)) into = std::move(values);
  }

  /// An inner table; none when missing or not one.
  const toml::table* table(std::string_view key);
  /// The tables of an array of tables, or of an array of inline ones.
  std::vector<const toml::table*> tables(std::string_view key);

  void finish();

 private:
  std::vector<std::pair<unsigned, std::string>> words(std::string_view key);
  void wrong_kind(std::string_view key, const toml::node& node, std::string_view allowed);
  void wrong_choice(std::string_view key, const std::string& found,
                    std::span<const std::string_view> names);

  Report& report_;
  const toml::table& table_;
  std::string name_;
  std::vector<std::string_view> known_;
};

}  // namespace postern::config
