// relay/config/doors.h: who comes in, and how: [[listener]], [tls], [limits] and [[device]].
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/types.h"
#include "core/net/address.h"
#include "core/net/tls_offer.h"
#include "relay/config/services.h"

namespace postern::relay {

/// A `[[listener]]`
struct Listener {
  Service service{};
  std::vector<net::Address> addresses;  ///< at least one
  net::TlsOffer tls{};  ///< the service's default filled in; `required` where TLS is implicit
  std::string name;     ///< what `[[device]]` refers to; may be empty
  std::vector<net::Network> proxy_networks;
  bool proxy_protocol = false;
  unsigned line = 0;  ///< where it stands in the file

  /// May login data pass before (or without) TLS?
  bool takes_credentials_in_clear() const {
    return lets_log_in(tls, false) || (tls == net::TlsOffer::off && service == Service::http);
  }
};

/// `[limits]`
struct Limits {
  std::uint64_t message_size = 50'000'000;
  std::uint64_t recipients = 1000;
  std::uint64_t connections = 10'000;
  std::uint64_t connections_per_ip = 100;
  config::Rate auth_failures_per_ip{10, std::chrono::minutes(10)};
  config::Milliseconds command_timeout = std::chrono::minutes(5);
  config::Milliseconds data_timeout = std::chrono::minutes(10);
};

/// A `[[device]]`
struct Device {
  std::vector<net::Network> networks;
  std::string listener, sender;
  std::vector<std::string> recipients;  ///< addresses, "*@domain", "*"
  std::optional<config::Rate> rate;
};

/// `[tls]`
struct Tls {
  config::Path certificate, key;  ///< absolute; both empty when no listener needs them
  std::string min_version = "1.2";
  unsigned certificate_line = 0, key_line = 0;  ///< where they stand in the file
};

/// Reads one `[[listener]]`.
Listener read_listener(config::Section section);
/// Reads `[tls]`.
Tls read_tls(config::Section section);
/// Reads `[limits]`.
Limits read_limits(config::Section section);
/// Reads one `[[device]]`.
Device read_device(config::Section section);

}  // namespace postern::relay
