// core/log.cc: lines through spdlog's thread-safe stderr sink.
#include "core/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <nlohmann/json.hpp>

namespace postern::log {

namespace {

constexpr std::array<std::string_view, 4> level_names{"debug", "info", "warn", "error"};
constexpr std::array spdlog_levels{spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                   spdlog::level::err};

std::atomic<Format> format_now{Format::text};

spdlog::logger& logger() {
  static spdlog::logger made("postern", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  static const bool once = [] {
    made.set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    return true;
  }();
  (void)once;
  return made;
}

/// Quoted and escaped; bytes that are not UTF-8 become U+FFFD.
std::string escaped(std::string_view text) {
  using Json = nlohmann::json;
  return Json(std::string(text)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_plain(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 127 || c < 0) return false;
  }
  return !text.empty();
}

}  // namespace

std::string line(Level level, Format format, std::string_view event, const Fields& fields) {
  const bool json = format == Format::json;
  std::string text(event);
  if (json) {
    text = "\"level\":" + escaped(level_names[static_cast<std::size_t>(level)]) +
           ",\"event\":" + escaped(event);
  }
  for (const auto& [name, value] : fields) {
    const bool bare = value.is_literal || (!json && is_plain(value.text));
    text += json ? "," + escaped(name) + ":" : " " + std::string(name) + "=";
    text += bare ? value.text : escaped(value.text);
  }
  return text;
}

void configure(Level level, Format format) {
  format_now = format;
  logger().set_level(spdlog_levels[static_cast<std::size_t>(level)]);
  logger().set_pattern(format == Format::json ? "{\"time\":\"%Y-%m-%dT%H:%M:%S.%e%z\",%v}"
                                              : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
}

void write(Level level, std::string_view event, const Fields& fields) {
  const auto spdlog_level = spdlog_levels[static_cast<std::size_t>(level)];
  if (!logger().should_log(spdlog_level)) return;
  const std::string text = line(level, format_now, event, fields);
  logger().log(spdlog_level, spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace postern::log
