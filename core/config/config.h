// core/config/config.h: postern.toml as plain data; what is in a Config has been checked.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/log.h"
#include "core/net/address.h"

namespace postern::config {

using Milliseconds = std::chrono::milliseconds;
using Path = std::filesystem::path;

enum class Service { smtp, submission, submissions, lmtp, imap, imaps, pop3, pop3s, http, https };
std::string_view name(Service service);
std::uint16_t default_port(Service service);
bool has_implicit_tls(Service service);  // submissions, imaps, pop3s, https

/// What a listener does about TLS. Of a service with implicit TLS it is always `required`.
enum class ListenerTls { required, optional, off };
std::string_view name(ListenerTls tls);
/// How much TLS is asked of other hosts.
enum class DeliveryTls { opportunistic, required, off };

struct Listener {
  Service service{};
  std::vector<net::Address> addresses;  ///< at least one
  ListenerTls tls{};                    ///< the service's default filled in
  std::string name;                     ///< what `[[device]]` refers to; may be empty
  std::vector<net::Network> proxy_networks;
  bool proxy_protocol = false;
  unsigned line = 0;  ///< where it stands in the file

  /// May login data pass before (or without) TLS?
  bool takes_credentials_in_clear() const {
    return tls == ListenerTls::optional || (tls == ListenerTls::off && service == Service::http);
  }
};

/// "30/h": so many in each stretch of time.
struct Rate {
  std::uint64_t count = 0;
  Milliseconds per{0};
};

struct Limits {
  std::uint64_t message_size = 50'000'000;
  std::uint64_t recipients = 1000;
  std::uint64_t connections = 10'000;
  std::uint64_t connections_per_ip = 100;
  Rate auth_failures_per_ip{10, std::chrono::minutes(10)};
  Milliseconds command_timeout = std::chrono::minutes(5);
  Milliseconds data_timeout = std::chrono::minutes(10);
};

struct DkimKeyFile {
  std::string selector;
  Path key;  ///< absolute; was readable and a private key when the file was checked
};

struct Domain {
  std::string catch_all;  ///< an address, or empty
  std::vector<DkimKeyFile> dkim;
};

struct Device {
  std::vector<net::Network> networks;
  std::string listener, sender;
  std::vector<std::string> recipients;  ///< addresses, "*@domain", "*"
  std::optional<Rate> rate;
};

/// Secrets are not in here; the files that hold them are.
struct Ldap {
  std::string url, base, filter = "(mail={address})", bind_dn;
  Path password_file;
};

struct SentinelGroup {
  std::vector<std::string> sentinels;  ///< "host:port"
  std::string name;
};
struct ManagedRedis {};
/// A URL as redis::Url::parse takes it.
struct RedisUrl {
  std::string text;
};
using RedisShard = std::variant<ManagedRedis, RedisUrl, SentinelGroup>;

struct Retry {
  Milliseconds first = std::chrono::minutes(1);
  double factor = 2;
  Milliseconds max = std::chrono::hours(4);
  double jitter = 0.1;
};

struct Queue {
  std::vector<RedisShard> redis{ManagedRedis{}};  ///< one, or shards
  std::uint64_t memory_limit = 4'000'000'000;
  std::uint64_t disk_reserve = 2'000'000'000;
  Path spool;  ///< absolute
  Retry retry;
  Milliseconds expire = std::chrono::hours(24 * 5);
  Milliseconds warn_after = std::chrono::hours(4);  ///< 0: never

  bool is_managed() const { return std::holds_alternative<ManagedRedis>(redis.front()); }
};

struct Delivery {
  std::uint16_t port = 25;
  std::vector<net::Address> dns;     ///< empty: the system's
  std::vector<net::Address> source;  ///< port 0
  DeliveryTls tls = DeliveryTls::opportunistic;
  bool dane = true, mta_sts = true;
  std::uint64_t initial_concurrency = 5, max_concurrency = 50;
  Milliseconds connect_timeout = std::chrono::seconds(30);
  std::optional<Milliseconds> command_timeout;  ///< unset: RFC 5321 §4.5.3.2
};

struct OAuth {
  std::string token_url, client_id, scope;
  Path secret_file;
};

/// What `via` says, taken apart.
struct Via {
  enum class Kind { mx, smtp, smtps, submission, lmtp, lmtp_unix, mailbox, discard, reject };
  Kind kind{};
  std::string user, host;  ///< of smtp, smtps, submission, lmtp
  std::uint16_t port = 0;
  std::string path;            ///< of lmtp+unix
  std::string status, reason;  ///< of reject: "5.7.1" and the words
  /// `error` says what is allowed.
  static std::expected<Via, std::string> parse(std::string_view text);
};

struct Route {
  std::string to, from;  ///< domain, "*.domain", address, "*@domain", "*"; `from` may be empty: any
  std::string via;       ///< as written
  Via target;
  Path password_file;  ///< may be empty
  std::optional<OAuth> oauth;
};

struct SendingLimit {
  enum class Who { account, ip, sender_domain, everyone } who{};
  std::string match = "*";
  std::optional<std::uint64_t> messages, recipients;
  Milliseconds per{0};
};

struct Shape {
  std::string to;
  std::optional<std::uint64_t> concurrency, messages_per_connection;
  std::optional<Rate> rate;
};

struct Webhook {
  std::string url;
  std::vector<std::string> events;
  Path secret_file;
};

struct Milter {
  net::Address address;
  bool accept_on_failure = false;
};

struct Tls {
  Path certificate, key;  ///< absolute; both empty when no listener needs them
  std::string min_version = "1.2";
};

struct Config {
  Path file;  ///< absolute
  std::string hostname;
  std::string postmaster;  ///< an address
  Path data_dir;           ///< absolute
  unsigned workers = 0;    ///< as written; see worker_count()
  Milliseconds shutdown_grace = std::chrono::seconds(20);
  std::vector<net::Network> trusted_networks;
  log::Format log_format = log::Format::json;
  log::Level log_level = log::Level::info;
  Tls tls;
  std::vector<Listener> listeners;
  Limits limits;
  std::map<std::string, Domain, std::less<>> domains;  ///< by A-label in lower case
  std::vector<Device> devices;
  std::optional<Ldap> ldap;  ///< else sqlite
  Queue queue;
  Delivery delivery;
  std::vector<Route> routes;
  std::vector<SendingLimit> sending_limits;
  std::vector<Shape> shapes;
  std::vector<Webhook> webhooks;
  std::vector<Milter> milters;
  /// "FILE:LINE: …", for settings that are understood and not yet obeyed. Log each at start.
  std::vector<std::string> warnings;

  unsigned worker_count() const;  ///< one per core for 0
  Path accounts_file() const { return data_dir / "accounts.db"; }
  Path control_socket() const { return data_dir / "control.sock"; }
};

/// A mistake: what is wrong, and what is allowed.
struct ConfigError {
  std::string file;
  unsigned line = 0;  ///< 0: the file as a whole
  std::string text;
  std::string message() const;  ///< `FILE:LINE: text`
};

/// Reads and checks a file; all mistakes at once, in the order of the file (of TOML syntax: the
/// first). Touches the disk: blocking.
std::expected<std::shared_ptr<const Config>, std::vector<ConfigError>> load(const Path& file);

/// The same for text; relative paths are relative to `file`'s folder.
std::expected<std::shared_ptr<const Config>, std::vector<ConfigError>> parse(std::string_view text,
                                                                             const Path& file);

/// The keys whose change counts only after a restart (`workers`, `data_dir`, `queue.redis`).
std::vector<std::string> needs_restart(const Config& old_one, const Config& new_one);

/// The first line of a file that holds a secret. Throws IoError when it cannot be read.
std::string read_secret(const Path& file);

}  // namespace postern::config
