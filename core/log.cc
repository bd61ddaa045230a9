// core/log.cc: lines through spdlog to stderr.
#include "core/log.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "core/json.h"
#include "core/log_sink.h"

namespace postern::log {

namespace {

constexpr std::array<std::string_view, 4> level_names{"debug", "info", "warn", "error"};
constexpr std::array spdlog_levels{spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                   spdlog::level::err};

std::atomic<Format> format_now{Format::text};

spdlog::logger& logger() {
  static spdlog::logger made("postern", std::make_shared<GatheringSink>(STDERR_FILENO));
  static const bool once = [] {
    made.set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    return true;
  }();
  (void)once;
  return made;
}

/// Appends it quoted and escaped; bytes that are not UTF-8 become U+FFFD.
void append_escaped(std::string& out, std::string_view text) {
  const bool is_simple = std::ranges::all_of(
      text, [](char c) { return c >= ' ' && c < 127 && c != '"' && c != '\\'; });
  if (is_simple) {
    out += '"';
    out += text;
    out += '"';
    return;
  }
  out += write_json(Json(std::string(text)));
}

bool is_plain(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 127 || c < 0) return false;
  }
  return !text.empty();
}

}  // namespace

std::string line(Level level, Format format, std::string_view event, const Fields& fields) {
  constexpr std::size_t usual_length = 512;
  const bool json = format == Format::json;
  std::string text;
  text.reserve(usual_length);
  if (json) {
    text += "\"level\":";
    append_escaped(text, level_names[static_cast<std::size_t>(level)]);
    text += ",\"event\":";
    append_escaped(text, event);
  } else {
    text += event;
  }
  for (const auto& [name, value] : fields) {
    text += json ? ',' : ' ';
    if (json)
      append_escaped(text, name);
    else
      text += name;
    text += json ? ':' : '=';
    if (value.is_literal || (!json && is_plain(value.text)))
      text += value.text;
    else
      append_escaped(text, value.text);
  }
  return text;
}

void configure(Level level, Format format) {
  format_now = format;
  logger().set_level(spdlog_levels[static_cast<std::size_t>(level)]);
  logger().set_pattern(format == Format::json ? "{\"time\":\"%Y-%m-%dT%H:%M:%S.%e%z\",%v}"
                                              : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
}

bool is_written(Level level) {
  return logger().should_log(spdlog_levels[static_cast<std::size_t>(level)]);
}

void write(Level level, std::string_view event, const Fields& fields) {
  if (!is_written(level)) return;
  const auto spdlog_level = spdlog_levels[static_cast<std::size_t>(level)];
  const std::string text = line(level, format_now, event, fields);
  logger().log(spdlog_level, spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace postern::log
