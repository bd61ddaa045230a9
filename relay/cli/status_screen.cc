// relay/cli/status_screen.cc: listeners as a table, the rest as one line each.
#include "relay/cli/status_screen.h"

#include <array>

#include "core/json.h"
#include "relay/cli/table.h"

namespace postern::relay {

namespace {

std::string head(const Json& status) {
  const std::string trouble = status.value("trouble", "");
  return fmt::format("postern {} on {}, since {}: {}\n\n", status.value("version", "?"),
                     status.value("hostname", "?"), status.value("started", "?"),
                     trouble.empty() ? "ready" : "NOT READY, " + trouble);
}

std::string numbers(std::string_view title, const Json& object, std::string_view suffix = "") {
  std::string line = fmt::format("{:<14}", title);
  if (object.is_null()) return line + "unknown\n";
  for (const auto& [key, value] : object.items()) {
    const std::string_view name(key.data(), key.size() - suffix.size());
    line += fmt::format("{} {}   ", name, write_json(value));
  }
  return line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

std::string redis_line(const Json& redis) {
  std::string used = "unknown";
  if (redis.contains("memory") && redis["memory"].is_number()) used = size_text(redis["memory"]);
  return fmt::format("{:<14}{}, {}, {} of {} in use\n", "redis", redis.value("kind", "?"),
                     redis.value("up", false) ? "up" : "DOWN", used,
                     size_text(redis.value("memory_limit", 0.0)));
}

std::string certificate_line(const Json& certificate) {
  return fmt::format("{:<14}{}, expires {} (in {} days)\n", "certificate",
                     certificate.value("file", "?"), certificate.value("expires", "?"),
                     certificate.value("days", 0));
}

}  // namespace

std::string size_text(double bytes) {
  constexpr std::array names{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < names.size(); ++unit) bytes /= 1024;
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, names[unit]);
}

std::string render_status(std::string_view body) {
  const Json status = expect_json(body);
  std::string screen = head(status);
  screen += render_listing(write_json(status.at("listeners")), false,
                           {"service", "address", "tls", "sessions"});
  screen += "\n" + numbers("queue", status.at("queue"));
  screen += numbers("last minute", status.at("rates"), "_per_minute");
  screen += redis_line(status.at("redis"));
  for (const Json& certificate : status.at("certificates")) screen += certificate_line(certificate);
  return screen;
}

}  // namespace postern::relay
