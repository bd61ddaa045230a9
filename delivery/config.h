// delivery/config.h: [delivery], [[route]] and [[shape]] of postern.toml: where mail goes, and how.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config/types.h"
#include "core/net/address.h"
#include "delivery/model/outcome.h"
#include "queue/model/next_hop.h"

namespace postern::delivery {

/// `[delivery]`
struct Config {
  std::uint16_t port = 25;           ///< of MX hosts
  std::vector<net::Address> dns;     ///< empty: the system's
  std::vector<net::Address> source;  ///< port 0
  TlsDemand tls = TlsDemand::opportunistic;
  bool dane = true, mta_sts = true;
  std::uint64_t initial_concurrency = 5, max_concurrency = 50;
  config::Milliseconds connect_timeout = std::chrono::seconds(30);
  std::optional<config::Milliseconds> command_timeout;  ///< unset: RFC 5321 §4.5.3.2
};

struct OAuth {
  std::string token_url, client_id, scope;
  config::Path secret_file;
};

/// A `[[route]]`: where mail for some addresses goes.
struct RouteSettings {
  std::string to, from;  ///< domain, "*.domain", address, "*@domain", "*"; `from` may be empty: any
  queue::Via via;
  config::Path password_file;  ///< for a user@ in `via`; its first line. May be empty
  std::optional<OAuth> oauth;
};

/// A `[[shape]]`
struct Shape {
  std::string to;
  std::optional<std::uint64_t> concurrency, messages_per_connection;
  std::optional<config::Rate> rate;
};

/// Reads `[delivery]`.
Config read_config(config::Section section);
/// Reads one `[[route]]`.
RouteSettings read_route(config::Section section);
/// Reads one `[[shape]]`.
Shape read_shape(config::Section section);

}  // namespace postern::delivery
