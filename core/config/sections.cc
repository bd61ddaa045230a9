// core/config/sections.cc: [log], [tls], [limits] and [accounts]. The defaults stand in config.h.
#include "core/config/sections.h"

namespace postern::config {

namespace {

constexpr std::uint64_t most_bytes = 1ULL << 40;

// clang-format off
constexpr std::array<std::pair<std::string_view, log::Format>, 2> formats{{
    {"json", log::Format::json}, {"text", log::Format::text}}};
constexpr std::array<std::pair<std::string_view, log::Level>, 4> levels{{
    {"debug", log::Level::debug}, {"info", log::Level::info}, {"warn", log::Level::warn}, {"error", log::Level::error}}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> tls_versions{{{"1.2", "1.2"}, {"1.3", "1.3"}}};
constexpr std::array<std::pair<std::string_view, bool>, 2> backends{{{"sqlite", false}, {"ldap", true}}};
// clang-format on

Rate read_count_per(Section section, Rate rate) {
  section.take_number("count", rate.count, 1, million);
  section.take_duration("per", rate.per, std::chrono::seconds(1));
  section.finish();
  return rate;
}

Ldap read_ldap(Section section) {
  Ldap ldap;
  section.take("url", ldap.url);
  section.take("base", ldap.base);
  section.take("filter", ldap.filter);
  section.take("bind_dn", ldap.bind_dn);
  section.take("password_file", ldap.password_file);
  section.require("url", R"("ldap://host" or "ldaps://host")");
  section.require("base", "the DN to search under");
  check_secret(section, "password_file", ldap.password_file);
  section.finish();
  return ldap;
}

}  // namespace

void read_log(Section section, Config& config) {
  section.take_choice("format", config.log_format, formats);
  section.take_choice("level", config.log_level, levels);
  section.finish();
}

void read_tls(Section section, Config& config) {
  std::string_view version = config.tls.min_version;
  section.take("certificate", config.tls.certificate);
  section.take("key", config.tls.key);
  section.take_choice("min_version", version, tls_versions);
  config.tls.min_version = std::string(version);
  if (config.tls.certificate.empty() != config.tls.key.empty()) {
    section.require(config.tls.key.empty() ? "key" : "certificate", "both or neither");
  }
  section.finish();
}

void read_limits(Section section, Config& config) {
  Limits& limits = config.limits;
  section.take_size("message_size", limits.message_size);
  if (limits.message_size < 1024 || limits.message_size > most_bytes) {
    section.mistake("message_size", "message_size must be from 1KiB to 1TiB");
  }
  section.take_number("recipients", limits.recipients, 1, million);
  section.take_number("connections", limits.connections, 1, million);
  section.take_number("connections_per_ip", limits.connections_per_ip, 1, million);
  if (const toml::table* inner = section.table("auth_failures_per_ip")) {
    limits.auth_failures_per_ip = read_count_per(
        Section(section.report(), *inner, "auth_failures_per_ip"), limits.auth_failures_per_ip);
  }
  section.take_duration("command_timeout", limits.command_timeout);
  section.take_duration("data_timeout", limits.data_timeout);
  section.finish();
}

void read_accounts(Section section, Config& config) {
  bool ldap = false;
  section.take_choice("backend", ldap, backends);
  const toml::table* inner = section.table("ldap");
  if (ldap) section.report().not_yet(section.line("backend"), "accounts in LDAP");
  if (inner != nullptr) {
    config.ldap = read_ldap(Section(section.report(), *inner, "[accounts.ldap]"));
  } else if (ldap) {
    section.require("ldap", "{ url = …, base = … }");
  }
  section.finish();
}

}  // namespace postern::config
