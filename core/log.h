// core/log.h: one structured event for each fact, as JSON or text, on stderr.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::log {

enum class Level : std::uint8_t { debug, info, warn, error };
enum class Format : std::uint8_t { json, text };

/// A value: text (escaped when written), a number or a truth.
struct Value {
  template <class T>
    requires std::integral<T> || std::floating_point<T>
  Value(T number) : text(std::to_string(number)), is_literal(true) {}
  Value(bool truth) : text(truth ? "true" : "false"), is_literal(true) {}
  Value(std::string words) : text(std::move(words)) {}
  Value(std::string_view words) : text(words) {}
  Value(const char* words) : text(words) {}

  std::string text;
  bool is_literal = false;
};
using Fields = std::vector<std::pair<std::string_view, Value>>;

/// For the whole process, at start and on reload. Thread-safe. Before: info, as text.
void configure(Level level, Format format);

/// Is it worth making the fields?
bool is_written(Level level);
/// Thread-safe. Names are of our own; values may come from anybody.
void write(Level level, std::string_view event, const Fields& fields);
inline void debug(std::string_view event, const Fields& fields = {}) {
  write(Level::debug, event, fields);
}
inline void info(std::string_view event, const Fields& fields = {}) {
  write(Level::info, event, fields);
}
inline void warn(std::string_view event, const Fields& fields = {}) {
  write(Level::warn, event, fields);
}
inline void error(std::string_view event, const Fields& fields = {}) {
  write(Level::error, event, fields);
}

/// The line that `write` makes, without time: a pure function for tests.
std::string line(Level level, Format format, std::string_view event, const Fields& fields);

}  // namespace postern::log
