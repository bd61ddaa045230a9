// core/config/config.cc: reads a whole postern.toml, top to bottom.
#include "core/config/config.h"

#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <thread>

#include "core/config/checks.h"
#include "core/config/plain_toml.h"
#include "core/config/sections.h"
#include "core/error.h"
#include "core/mail/address.h"

namespace postern::config {

namespace {

constexpr std::size_t largest_file = 4 << 20;

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
  top.take_parsed("postmaster", config.postmaster, parse_mailbox);
  config.data_dir = "/var/lib/postern";
  top.take("data_dir", config.data_dir);
  if (config.data_dir.empty()) top.mistake("data_dir", "data_dir must be a folder");
  if (config.control_socket().string().size() > net::longest_unix_path) {
    top.mistake("data_dir",
                fmt::format("data_dir is too long: {} must fit into the 107 octets of a "
                            "unix socket's path",
                            config.control_socket().string()));
  }
  std::uint64_t workers = 0;
  top.take_number("workers", workers, 0, 1024);
  config.workers = static_cast<unsigned>(workers);
  top.take_duration("shutdown_grace", config.shutdown_grace, Milliseconds(0));
  top.take_list("trusted_networks", config.trusted_networks, parse_network);
}

/// Reads `[name]`, also when it is missing: the defaults are checked alike.
template <class F>
void read_one(Section& top, std::string_view key, Config& config, F read) {
  static const toml::table nothing;
  const toml::table* table = top.table(key);
  read(Section(top.report(), table != nullptr ? *table : nothing, "[" + std::string(key) + "]"),
       config);
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
    for (const DkimKeyFile& file : read.dkim) {
      check_dkim_key(file, table->contains("dkim") ? line_of(*table->get("dkim")) : line,
                     top.report());
    }
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
  read_one(top, "log", config, read_log);
  read_one(top, "tls", config, read_tls);
  read_many(top, "listener", config.listeners, read_listener);
  read_one(top, "limits", config, read_limits);
  read_domains(top, config);
  read_many(top, "device", config.devices, read_device);
  read_one(top, "accounts", config, read_accounts);
  read_one(top, "queue", config, read_queue);
  read_one(top, "delivery", config, read_delivery);
  read_many(top, "route", config.routes, read_route);
  read_many(top, "limit", config.sending_limits, read_sending_limit);
  read_many(top, "shape", config.shapes, read_shape);
  read_many(top, "webhook", config.webhooks, read_webhook);
  read_many(top, "milter", config.milters, read_milter);
  top.finish();

  check_addresses(config, report);
  check_listener_names(config, report);
  check_devices(top, config);
  check_tls(config, top.line("tls"), report);
  check_descriptors(config, report);
  if (config.listeners.empty()) report.warn(0, "no [[listener]]: nothing will listen");
}

/// On one line: toml++ quotes what it stumbled over.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(
      line, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  return line;
}

std::vector<ConfigError> one_error(const Path& file, unsigned line, std::string text) {
  return {ConfigError{file.string(), line, std::move(text)}};
}

}  // namespace

std::expected<std::shared_ptr<const Config>, std::vector<ConfigError>> parse(std::string_view text,
                                                                             const Path& file) {
  if (const auto line = misplaced_character(text)) {
    return std::unexpected(
        one_error(file, *line, "not TOML: what is not ASCII belongs in single or double quotes"));
  }
  toml::table table;
  try {
    table = toml::parse(text, file.string());
  } catch (const toml::parse_error& error) {
    return std::unexpected(
        one_error(file, error.source().begin.line, "not TOML: " + one_line(error.description())));
  } catch (const std::invalid_argument& error) {
    return std::unexpected(one_error(file, 0, std::string("not TOML: ") + error.what()));
  }
  auto config = std::make_shared<Config>();
  config->file = std::filesystem::absolute(file);
  Report report(file);
  read_all(Section(report, table, ""), *config);
  if (!report.errors().empty()) return std::unexpected(report.errors());
  config->warnings = report.warnings();
  return config;
}

std::expected<std::shared_ptr<const Config>, std::vector<ConfigError>> load(const Path& file) {
  std::error_code code;
  if (std::filesystem::is_directory(file, code)) {
    return std::unexpected(one_error(file, 0, "is a folder, must be a file"));
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    return std::unexpected(
        one_error(file, 0, std::string("cannot be read: ") + std::strerror(errno)));
  }
  std::string text(largest_file + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > largest_file) return std::unexpected(one_error(file, 0, "is over 4 MiB"));
  return parse(text, file);
}

std::string_view name(Service service) {
  constexpr std::array<std::string_view, 10> names{"smtp", "submission", "submissions", "lmtp",
                                                   "imap", "imaps",      "pop3",        "pop3s",
                                                   "http", "https"};
  return names[static_cast<std::size_t>(service)];
}

std::uint16_t default_port(Service service) {
  constexpr std::array<std::uint16_t, 10> ports{25, 587, 465, 24, 143, 993, 110, 995, 80, 443};
  return ports[static_cast<std::size_t>(service)];
}

bool has_implicit_tls(Service service) {
  return service == Service::submissions || service == Service::imaps ||
         service == Service::pop3s || service == Service::https;
}

std::string_view name(ListenerTls tls) {
  constexpr std::array<std::string_view, 3> names{"required", "optional", "off"};
  return names[static_cast<std::size_t>(tls)];
}

unsigned Config::worker_count() const {
  return workers != 0 ? workers : std::max(1U, std::thread::hardware_concurrency());
}

std::string ConfigError::message() const {
  return file + ":" + std::to_string(std::max(1U, line)) + ": " + text;
}

std::vector<std::string> needs_restart(const Config& old_one, const Config& new_one) {
  const auto redis_text = [](const Queue& queue) {
    std::string all;
    for (const RedisShard& shard : queue.redis) {
      if (const auto* url = std::get_if<RedisUrl>(&shard)) all += url->text;
      if (const auto* group = std::get_if<SentinelGroup>(&shard)) {
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
  return keys;
}

std::string read_secret(const Path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw IoError(file.string() + " cannot be read: " + std::strerror(errno));
  std::array<char, 4097> buffer{};
  stream.read(buffer.data(), buffer.size());
  std::string_view text(buffer.data(), static_cast<std::size_t>(stream.gcount()));
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.size() > 4096) throw IoError(file.string() + ": its first line is over 4096 octets");
  return std::string(text);
}

}  // namespace postern::config
