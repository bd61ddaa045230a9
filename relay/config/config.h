// relay/config/config.h: postern.toml as plain data; what is in a Config has been checked.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/types.h"
#include "core/log.h"
#include "core/net/address.h"
#include "delivery/config.h"
#include "policy/config.h"
#include "queue/config.h"
#include "relay/config/domain.h"
#include "relay/config/doors.h"
#include "relay/config/webhook.h"

namespace postern::relay {

struct Config {
  config::Path file;  ///< absolute
  std::string hostname;
  std::string postmaster;  ///< an address
  config::Path data_dir;   ///< absolute
  std::string user;        ///< whom `serve` becomes when root starts it; see instance_user.h
  unsigned workers = 0;    ///< as written; see worker_count()
  config::Milliseconds shutdown_grace = std::chrono::seconds(20);
  std::vector<net::Network> trusted_networks;
  log::Format log_format = log::Format::json;
  log::Level log_level = log::Level::info;
  Tls tls;
  std::vector<Listener> listeners;
  Limits limits;
  std::map<std::string, Domain, std::less<>> domains;  ///< by A-label in lower case
  std::vector<Device> devices;
  std::optional<policy::Ldap> ldap;  ///< else sqlite
  queue::Config queue;
  delivery::Config delivery;
  std::vector<delivery::RouteSettings> routes;
  std::vector<policy::SendingLimit> sending_limits;
  std::vector<delivery::Shape> shapes;
  std::vector<Webhook> webhooks;
  std::vector<policy::Milter> milters;
  /// "FILE:LINE: …", for settings that are understood and not yet obeyed. Log each at start.
  std::vector<std::string> warnings;

  unsigned worker_count() const;  ///< one per core for 0
  config::Path accounts_file() const { return data_dir / "accounts.db"; }
  config::Path control_socket() const { return data_dir / "control.sock"; }
};

/// Reads and checks a file; all mistakes at once, in the order of the file (of TOML syntax: the
/// first). Touches the disk: blocking.
std::expected<std::shared_ptr<const Config>, std::vector<config::ConfigError>> load_config(
    const config::Path& file);

/// The same for text; relative paths are relative to `file`'s folder.
std::expected<std::shared_ptr<const Config>, std::vector<config::ConfigError>> parse_config(
    std::string_view text, const config::Path& file);

/// The keys whose change counts only after a restart (`workers`, `data_dir`, `queue.redis`,
/// `queue.spool`).
std::vector<std::string> needs_restart(const Config& old_one, const Config& new_one);

}  // namespace postern::relay
