// relay/config/config.cc: reads a whole postern.toml, top to bottom.
#include "relay/config/config.h"

#include <unistd.h>

#include <thread>

#include "core/config/reader.h"
#include "core/config/toml_file.h"
#include "core/mail/address.h"
#include "core/system_user.h"
#include "relay/config/checks.h"

namespace postern::relay {

namespace {

using config::ConfigError;
using config::in_quotes;
using config::line_of;
using config::Parsed;
using config::Report;
using config::Section;

// clang-format off
constexpr std::array<std::pair<std::string_view, log::Format>, 2> formats{{
    {"json", log::Format::json}, {"text", log::Format::text}}};
constexpr std::array<std::pair<std::string_view, log::Level>, 4> levels{{
    {"debug", log::Level::debug}, {"info", log::Level::info}, {"warn", log::Level::warn}, {"error", log::Level::error}}};
// clang-format on

Parsed<std::string> parse_hostname(std::string_view text) {
  const auto name = mail::Domain::parse(text);
  if (name && !name->is_literal()) return name->text();
  return std::unexpected(in_quotes(text) + R"( is no host name: "mail.office.example" is)");
}

std::string system_hostname() {
  std::array<char, 256> buffer{};
  if (::gethostname(buffer.data(), buffer.size() - 1) != 0) return "localhost";
  return parse_hostname(buffer.data()).value_or("localhost");
}

/// Reads what stands above the first section.
void read_top(Section& top, Config& config) {
  config.hostname = system_hostname();
  top.take_parsed("hostname", config.hostname, parse_hostname);
  config.postmaster = "postmaster@" + config.hostname;
  top.take_parsed("postmaster", config.postmaster, config::parse_mailbox);
  config.data_dir = "/var/lib/postern";
  top.take("data_dir", config.data_dir);
  std::error_code ignored;
  if (config.data_dir.empty() || (std::filesystem::exists(config.data_dir, ignored) &&
                                  !std::filesystem::is_directory(config.data_dir, ignored))) {
    top.mistake("data_dir", "data_dir must be a folder");
  }
  if (config.control_socket().string().size() > net::longest_unix_path) {
    top.mistake("data_dir",
                fmt::format("data_dir is too long: {} must fit into the 107 octets of a "
                            "unix socket's path",
                            config.control_socket().string()));
  }
  top.take("user", config.user);
  if (!config.user.empty() && !find_user(config.user)) {
    top.mistake("user", "user: this machine has no user " + in_quotes(config.user));
  }
  std::uint64_t workers = 0;
  top.take_number("workers", workers, 0, 1024);
  config.workers = static_cast<unsigned>(workers);
  top.take_duration("shutdown_grace", config.shutdown_grace, config::Milliseconds(0));
  top.take_list("trusted_networks", config.trusted_networks, config::parse_network);
}

void read_log(Section section, Config& config) {
  section.take_choice("format", config.log_format, formats);
  section.take_choice("level", config.log_level, levels);
  section.finish();
}

/// `[key]`, also when it is missing: the defaults are checked alike.
Section one(Section& top, std::string_view key) {
  static const toml::table nothing;
  const toml::table* table = top.table(key);
  return {top.report(), table != nullptr ? *table : nothing, "[" + std::string(key) + "]"};
}

template <class T, class F>
void read_many(Section& top, std::string_view key, std::vector<T>& into, F read) {
  for (const toml::table* table : top.tables(key)) {
    into.push_back(read(Section(top.report(), *table, "[[" + std::string(key) + "]]")));
  }
}

void read_domains(Section& top, Config& config) {
  const toml::table* domains = top.table("domain");
  if (domains == nullptr) return;
  for (const auto& [key, node] : *domains) {
    const unsigned line = key.source().begin.line;
    const auto domain = mail::Domain::parse(key.str());
    const toml::table* table = node.as_table();
    if (!domain || table == nullptr) {
      top.report().mistake(
          line, in_quotes(key.str()) + R"( is no local domain; [domain."office.example"] is)");
      continue;
    }
    Domain read =
        read_domain(Section(top.report(), *table, "[domain." + in_quotes(key.str()) + "]"));
    for (const policy::DkimKeyFile& file : read.dkim) policy::check_dkim_key(file, top.report());
    if (!config.domains.emplace(domain->text(), std::move(read)).second) {
      top.report().mistake(line, in_quotes(domain->text()) + " is declared twice");
    }
  }
}

void check_devices(Section& top, const Config& config) {
  std::size_t i = 0;
  for (const toml::table* table : top.tables("device")) {
    const Device& device = config.devices[i++];
    const bool is_known = std::ranges::any_of(config.listeners, [&](const Listener& listener) {
      return listener.name == device.listener;
    });
    if (!device.listener.empty() && !is_known) {
      top.report().mistake(line_of(*table),
                           "no [[listener]] has the name " + in_quotes(device.listener));
    }
  }
}

void check_listener_names(const Config& config, Report& report) {
  std::map<std::string_view, unsigned> seen;
  for (const Listener& listener : config.listeners) {
    if (listener.name.empty()) continue;
    const auto [other, is_new] = seen.emplace(listener.name, listener.line);
    if (!is_new) {
      report.mistake(listener.line, in_quotes(listener.name) +
                                        " is the name of the listener in line " +
                                        std::to_string(other->second) + " already");
    }
  }
}

void read_all(Section top, Config& config) {
  Report& report = top.report();
  read_top(top, config);
  read_log(one(top, "log"), config);
  config.tls = read_tls(one(top, "tls"));
  read_many(top, "listener", config.listeners, read_listener);
  config.limits = read_limits(one(top, "limits"));
  read_domains(top, config);
  read_many(top, "device", config.devices, read_device);
  config.ldap = policy::read_accounts(one(top, "accounts"));
  config.queue = queue::read_config(one(top, "queue"), config.data_dir);
  config.delivery = delivery::read_config(one(top, "delivery"));
  read_many(top, "route", config.routes, delivery::read_route);
  read_many(top, "limit", config.sending_limits, policy::read_sending_limit);
  read_many(top, "shape", config.shapes, delivery::read_shape);
  read_many(top, "webhook", config.webhooks, read_webhook);
  read_many(top, "milter", config.milters, policy::read_milter);
  top.finish();

  check_addresses(config, report);
  check_listener_names(config, report);
  check_devices(top, config);
  check_tls(config, report);
  check_descriptors(config, report);
  check_strangers(config, report);
  if (config.listeners.empty()) report.warn(0, "no [[listener]]: nothing will listen");
}

}  // namespace

std::expected<std::shared_ptr<const Config>, std::vector<ConfigError>> parse_config(
    std::string_view text, const config::Path& file) {
  const auto table = config::parse_toml(text, file);
  if (!table) return std::unexpected(std::vector{table.error()});
  auto config = std::make_shared<Config>();
  config->file = std::filesystem::absolute(file);
  Report report(file);
  read_all(Section(report, *table, ""), *config);
  if (!report.errors().empty()) return std::unexpected(report.errors());
  config->warnings = report.warnings();
  return config;
}

std::expected<std::shared_ptr<const Config>, std::vector<ConfigError>> load_config(
    const config::Path& file) {
  const auto text = config::read_file(file);
  if (!text) return std::unexpected(std::vector{text.error()});
  return parse_config(*text, file);
}

unsigned Config::worker_count() const {
  return workers != 0 ? workers : std::max(1U, std::thread::hardware_concurrency());
}

std::vector<std::string> needs_restart(const Config& old_one, const Config& new_one) {
  const auto redis_text = [](const queue::Config& queue) {
    std::string all;
    for (const queue::RedisShard& shard : queue.redis) {
      if (const auto* url = std::get_if<queue::RedisUrl>(&shard)) all += url->text;
      if (const auto* group = std::get_if<queue::SentinelGroup>(&shard)) {
        for (const std::string& sentinel : group->sentinels) all += sentinel + ",";
        all += group->name;
      }
      all += "\n";
    }
    return all;
  };
  std::vector<std::string> keys;
  if (old_one.worker_count() != new_one.worker_count()) keys.emplace_back("workers");
  if (old_one.data_dir != new_one.data_dir) keys.emplace_back("data_dir");
  if (redis_text(old_one.queue) != redis_text(new_one.queue)) keys.emplace_back("queue.redis");
  // What waits there is looked for by its name.
  if (old_one.data_dir == new_one.data_dir && old_one.queue.spool != new_one.queue.spool)
    keys.emplace_back("queue.spool");
  return keys;
}

}  // namespace postern::relay
