// core/config/sections.cc: what each section may hold. The defaults stand in config.h.
#include "core/config/sections.h"

#include "core/error.h"
#include "core/mail/address.h"
#include "core/redis/connection.h"

namespace postern::config {

namespace {

constexpr std::uint64_t million = 1'000'000;
constexpr std::uint64_t most_bytes = 1ULL << 40;

// clang-format off
constexpr std::array<std::pair<std::string_view, Service>, 10> services{{
    {"smtp", Service::smtp}, {"submission", Service::submission}, {"submissions", Service::submissions},
    {"lmtp", Service::lmtp}, {"imap", Service::imap}, {"imaps", Service::imaps}, {"pop3", Service::pop3},
    {"pop3s", Service::pop3s}, {"http", Service::http}, {"https", Service::https}}};
constexpr std::array<std::pair<std::string_view, ListenerTls>, 3> listener_tls{{
    {"required", ListenerTls::required}, {"optional", ListenerTls::optional}, {"off", ListenerTls::off}}};
constexpr std::array<std::pair<std::string_view, DeliveryTls>, 3> delivery_tls{{
    {"opportunistic", DeliveryTls::opportunistic}, {"required", DeliveryTls::required}, {"off", DeliveryTls::off}}};
constexpr std::array<std::pair<std::string_view, log::Format>, 2> formats{{
    {"json", log::Format::json}, {"text", log::Format::text}}};
constexpr std::array<std::pair<std::string_view, log::Level>, 4> levels{{
    {"debug", log::Level::debug}, {"info", log::Level::info}, {"warn", log::Level::warn}, {"error", log::Level::error}}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> tls_versions{{{"1.2", "1.2"}, {"1.3", "1.3"}}};
constexpr std::array<std::pair<std::string_view, bool>, 2> backends{{{"sqlite", false}, {"ldap", true}}};
constexpr std::array<std::pair<std::string_view, bool>, 2> on_failures{{{"tempfail", false}, {"accept", true}}};
constexpr std::array<std::pair<std::string_view, SendingLimit::Who>, 4> subjects{{
    {"account", SendingLimit::Who::account}, {"ip", SendingLimit::Who::ip},
    {"sender_domain", SendingLimit::Who::sender_domain}, {"everyone", SendingLimit::Who::everyone}}};
constexpr std::array<std::string_view, 8> event_names{
    "accepted", "delivered", "deferred", "bounced", "complained", "discarded", "expired", "delayed"};
// clang-format on

Parsed<net::Address> parse_ip(std::string_view text) {
  auto address = net::Address::parse_ip(text);
  if (address) return *address;
  return std::unexpected(in_quotes(text) + " is no IP address");
}

/// "smtp://…" is for routes; here it is http or https.
Parsed<std::string> parse_url(std::string_view text) {
  if (text.starts_with("http://") || text.starts_with("https://")) {
    if (text.find(' ') == std::string_view::npos && text.size() > 8) return std::string(text);
  }
  return std::unexpected(in_quotes(text) + R"( is no "http://…" or "https://…")");
}

Parsed<std::string> parse_event(std::string_view text) {
  if (std::ranges::find(event_names, text) != event_names.end()) return std::string(text);
  return std::unexpected(in_quotes(text) + " is no event; allowed: " + any_of(event_names));
}

Parsed<std::string> parse_selector(std::string_view text) {
  // A selector is a piece of a DNS name: RFC 6376 §3.1.
  if (!text.empty() && text != "*" && mail::Domain::parse("x." + std::string(text) + ".example"))
    return std::string(text);
  return std::unexpected(in_quotes(text) + " is no DKIM selector: letters, digits, '-' and '.'");
}

template <class T>
std::optional<T> optional_number(Section& section, std::string_view key) {
  if (!section.has(key)) return std::nullopt;
  std::uint64_t value = 0;
  section.take_number(key, value, 1, 1000 * million);
  return value;
}

Rate read_count_per(Section section, Rate rate) {
  section.take_number("count", rate.count, 1, million);
  section.take_duration("per", rate.per, std::chrono::seconds(1));
  section.finish();
  return rate;
}

}  // namespace

Parsed<net::Network> parse_network(std::string_view text) {
  auto network = net::Network::parse(text);
  if (network) return *network;
  return std::unexpected(in_quotes(text) + " is no network: " + network.error().text +
                         R"(; "192.0.2.0/24", "2001:db8::/32" and one address are)");
}

Parsed<net::Address> parse_address(std::string_view text) {
  auto address = net::Address::parse(text);
  if (!address) {
    return std::unexpected(in_quotes(text) + " is no address: " + address.error().text +
                           R"(; "127.0.0.1:25", "[::1]:25" and "unix:/path" are)");
  }
  if (!address->is_unix() && address->port() == 0) {
    return std::unexpected(in_quotes(text) + " has no port: 1 to 65535");
  }
  return *address;
}

Parsed<std::string> parse_mailbox(std::string_view text) {
  const auto address = mail::EmailAddress::parse(text);
  if (address) return address->text();
  return std::unexpected(in_quotes(text) + " is no mail address: " + address.error().text);
}

void check_secret(Section& section, std::string_view key, const Path& file) {
  if (file.empty()) return;
  try {
    if (!read_secret(file).empty()) return;
    section.mistake(key, std::string(key) + ": the first line of " + file.string() + " is empty");
  } catch (const IoError& error) {
    section.mistake(key, std::string(key) + ": " + error.what());
  }
}

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

namespace {

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

namespace {

Retry read_retry(Section section) {
  Retry retry;
  section.take_duration("first", retry.first, std::chrono::milliseconds(100));
  section.take_fraction("factor", retry.factor, 1, 100);
  section.take_duration("max", retry.max, std::chrono::milliseconds(100));
  section.take_fraction("jitter", retry.jitter, 0, 1);
  if (retry.first > retry.max) {
    section.mistake("max", "retry.max is shorter than retry.first");
  }
  section.finish();
  return retry;
}

SentinelGroup read_sentinels(Section section) {
  SentinelGroup group;
  section.take_list("sentinels", group.sentinels, parse_host_port);
  section.take("name", group.name);
  section.require("sentinels", R"(["host:26379", …])");
  section.require("name", "the master's name");
  section.finish();
  return group;
}

std::optional<RedisShard> read_shard(Section& section, const toml::node& node, bool alone) {
  constexpr std::string_view allowed =
      R"("managed", "unix:///path", "redis://user:pass@host:6379/0", { sentinels = […], name = … } or an array of these)";
  if (const toml::table* table = node.as_table()) {
    section.report().not_yet(line_of(node), "Redis Sentinel");
    return read_sentinels(Section(section.report(), *table, "queue.redis"));
  }
  const auto text = node.value_exact<std::string>();
  if (text == "managed") {
    if (alone) return ManagedRedis{};
    section.report().mistake(line_of(node),
                             "queue.redis: \"managed\" stands alone, not among shards");
    return std::nullopt;
  }
  if (text) {
    if (const auto url = redis::Url::parse(*text); url) return RedisUrl{*text};
  }
  // The text may hold a password: it is not repeated.
  section.report().mistake(line_of(node), "queue.redis must be " + std::string(allowed));
  return std::nullopt;
}

void read_redis(Section& section, Queue& queue) {
  const toml::node* node = section.find("redis");
  if (node == nullptr) return;
  std::vector<RedisShard> shards;
  if (const toml::array* array = node->as_array()) {
    if (array->empty()) section.mistake("redis", "queue.redis is empty: name at least one");
    if (array->size() > 1) section.report().not_yet(line_of(*node), "a queue of several shards");
    for (const toml::node& item : *array) {
      if (auto shard = read_shard(section, item, array->size() == 1))
        shards.push_back(std::move(*shard));
    }
  } else if (auto shard = read_shard(section, *node, true)) {
    shards.push_back(std::move(*shard));
  }
  if (!shards.empty()) queue.redis = std::move(shards);
}

}  // namespace

void read_queue(Section section, Config& config) {
  Queue& queue = config.queue;
  read_redis(section, queue);
  section.take_size("memory_limit", queue.memory_limit);
  if (queue.memory_limit < 16 * million) {
    section.mistake("memory_limit", "memory_limit must be 16MB or more");
  }
  section.take_size("disk_reserve", queue.disk_reserve);
  std::string spool = "spool";
  section.take("spool", spool);
  if (spool.empty()) section.mistake("spool", "spool must be a folder");
  queue.spool = (config.data_dir / spool).lexically_normal();
  if (const toml::table* inner = section.table("retry")) {
    queue.retry = read_retry(Section(section.report(), *inner, "retry"));
  }
  section.take_duration("expire", queue.expire);
  section.take_duration("warn_after", queue.warn_after, Milliseconds(0));
  section.finish();
}

void read_delivery(Section section, Config& config) {
  Delivery& delivery = config.delivery;
  std::uint64_t port = delivery.port;
  section.take_number("port", port, 1, 65535);
  delivery.port = static_cast<std::uint16_t>(port);
  section.take_list("dns", delivery.dns, [](std::string_view text) -> Parsed<net::Address> {
    if (const auto bare = net::Address::parse_ip(text, 53)) return *bare;
    auto address = parse_address(text);
    if (address && address->is_unix())
      return std::unexpected(in_quotes(text) + R"( is no resolver: "127.0.0.1:53" is)");
    return address;
  });
  section.take_list("source", delivery.source, parse_ip);
  section.take_choice("tls", delivery.tls, delivery_tls);
  section.take("dane", delivery.dane);
  section.take("mta_sts", delivery.mta_sts);
  if (section.has("dane") && delivery.dane) {
    section.report().not_yet(section.line("dane"), "DANE (delivery.dane)");
  }
  if (section.has("mta_sts") && delivery.mta_sts) {
    section.report().not_yet(section.line("mta_sts"), "MTA-STS (delivery.mta_sts)");
  }
  if (const toml::table* inner = section.table("concurrency")) {
    Section window(section.report(), *inner, "concurrency");
    window.take_number("initial", delivery.initial_concurrency, 1, 10'000);
    window.take_number("max", delivery.max_concurrency, 1, 10'000);
    if (delivery.initial_concurrency > delivery.max_concurrency) {
      window.mistake("initial", "concurrency.initial is more than concurrency.max");
    }
    window.finish();
  }
  section.take_duration("connect_timeout", delivery.connect_timeout);
  if (section.has("command_timeout")) {
    delivery.command_timeout = std::chrono::minutes(5);
    section.take_duration("command_timeout", *delivery.command_timeout);
  }
  section.finish();
}

namespace {

ListenerTls default_tls(Service service) {
  if (service == Service::http) return ListenerTls::off;
  // Peers that log in nowhere may use STARTTLS or not.
  if (service == Service::smtp || service == Service::lmtp) return ListenerTls::optional;
  return ListenerTls::required;
}

void check_listener_tls(Section& section, const Listener& listener) {
  if (has_implicit_tls(listener.service) && listener.tls != ListenerTls::required) {
    section.mistake("tls", std::string(name(listener.service)) +
                               " is TLS from its first byte: tls must be required");
  }
  if (listener.service == Service::http && listener.tls != ListenerTls::off) {
    section.mistake("tls", "http knows no STARTTLS: tls must be off, or the service https");
  }
}

}  // namespace

Listener read_listener(Section section) {
  Listener listener{.line = section.line()};
  section.require("service", any_of(std::array<std::string_view, 10>{
                                 "smtp", "submission", "submissions", "lmtp", "imap", "imaps",
                                 "pop3", "pop3s", "http", "https"}));
  section.take_choice("service", listener.service, services);
  section.take_list("address", listener.addresses, parse_address);
  section.require("address", R"(["127.0.0.1:25", "[::1]:25", "unix:/path"])");
  listener.tls = default_tls(listener.service);
  section.take_choice("tls", listener.tls, listener_tls);
  check_listener_tls(section, listener);
  section.take("name", listener.name);
  section.take_list("proxy_networks", listener.proxy_networks, parse_network);
  section.take("proxy_protocol", listener.proxy_protocol);
  if (listener.proxy_protocol) {
    section.report().not_yet(section.line("proxy_protocol"), "the PROXY protocol");
    if (listener.proxy_networks.empty()) {
      section.mistake("proxy_protocol", "proxy_protocol needs proxy_networks: who may speak it");
    }
  }
  section.finish();
  return listener;
}

Domain read_domain(Section section) {
  Domain domain;
  section.take_parsed("catch_all", domain.catch_all, [](std::string_view text) {
    return text.empty() ? Parsed<std::string>("") : parse_mailbox(text);
  });
  for (const toml::table* inner : section.tables("dkim")) {
    Section key(section.report(), *inner, "dkim");
    DkimKeyFile file;
    key.take_parsed("selector", file.selector, parse_selector);
    key.take("key", file.key);
    key.require("selector", R"(such as "p1")");
    key.require("key", "a file with a private key (PEM)");
    key.finish();
    if (!file.selector.empty() && !file.key.empty()) domain.dkim.push_back(std::move(file));
  }
  section.finish();
  return domain;
}

Device read_device(Section section) {
  Device device;
  section.report().not_yet(section.line(), "[[device]]");
  section.take_list("networks", device.networks, parse_network);
  section.take("listener", device.listener);
  section.take_parsed("sender", device.sender, parse_mailbox);
  section.take_list("recipients", device.recipients, parse_pattern);
  if (section.has("rate")) {
    Rate rate;
    section.take_parsed("rate", rate, parse_rate);
    device.rate = rate;
  }
  section.require("networks", R"(["192.0.2.40/32"])");
  section.require("listener", "the `name` of a [[listener]]");
  section.require("sender", "a mail address");
  section.require("recipients", R"(["*@office.example"])");
  section.finish();
  return device;
}

namespace {

OAuth read_oauth(Section section) {
  OAuth oauth;
  section.take_parsed("token_url", oauth.token_url, parse_url);
  section.take("client_id", oauth.client_id);
  section.take("scope", oauth.scope);
  section.take("secret_file", oauth.secret_file);
  for (const std::string_view key : {"token_url", "client_id", "secret_file"}) {
    section.require(key, "as the provider told you");
  }
  check_secret(section, "secret_file", oauth.secret_file);
  section.finish();
  return oauth;
}

}  // namespace

Route read_route(Section section) {
  Route route;
  section.take_parsed("to", route.to, parse_pattern);
  section.take_parsed("from", route.from, [](std::string_view text) {
    return text.empty() ? Parsed<std::string>("") : parse_pattern(text);
  });
  section.require("to", R"(a domain, "*.domain", an address or "*")");
  section.take("via", route.via);
  section.require("via", "mx, smtp://host:port, … or \"reject 5.7.1 why\"");
  section.take("password_file", route.password_file);
  if (const toml::table* inner = section.table("oauth")) {
    section.report().not_yet(section.line("oauth"), "OAuth to a smarthost (route.oauth)");
    route.oauth = read_oauth(Section(section.report(), *inner, "oauth"));
  }
  if (section.has("via") && !route.via.empty()) {
    if (auto target = Via::parse(route.via)) {
      route.target = std::move(*target);
      const bool logs_in = !route.target.user.empty();
      if (logs_in && route.password_file.empty() && !route.oauth) {
        section.mistake("via", "via names a user, so password_file (or oauth) is needed");
      } else if (!logs_in && !route.password_file.empty()) {
        section.mistake("password_file", "password_file is for a user@ in via");
      }
    } else {
      section.mistake("via", "via: " + target.error());
    }
  }
  check_secret(section, "password_file", route.password_file);
  section.finish();
  return route;
}

SendingLimit read_sending_limit(Section section) {
  SendingLimit limit;
  section.report().not_yet(section.line(), "[[limit]]");
  section.require("who", "account, ip, sender_domain or everyone");
  section.take_choice("who", limit.who, subjects);
  section.take("match", limit.match);
  limit.messages = optional_number<std::uint64_t>(section, "messages");
  limit.recipients = optional_number<std::uint64_t>(section, "recipients");
  section.require("per", R"(a duration such as "1h")");
  section.take_duration("per", limit.per, std::chrono::seconds(1));
  if (!limit.messages && !limit.recipients) {
    section.require("messages", "messages, recipients or both");
  }
  section.finish();
  return limit;
}

Shape read_shape(Section section) {
  Shape shape;
  section.report().not_yet(section.line(), "[[shape]]");
  section.require("to", R"(a domain, or "mx:*.google.com")");
  section.take_parsed("to", shape.to, [](std::string_view text) -> Parsed<std::string> {
    const bool by_mx = text.starts_with("mx:");
    auto pattern = parse_pattern(by_mx ? text.substr(3) : text);
    if (pattern && by_mx) return "mx:" + *pattern;
    return pattern;
  });
  shape.concurrency = optional_number<std::uint64_t>(section, "concurrency");
  shape.messages_per_connection =
      optional_number<std::uint64_t>(section, "messages_per_connection");
  if (section.has("rate")) {
    Rate rate;
    section.take_parsed("rate", rate, parse_rate);
    shape.rate = rate;
  }
  section.finish();
  return shape;
}

Webhook read_webhook(Section section) {
  Webhook webhook;
  section.report().not_yet(section.line(), "[[webhook]]");
  section.require("url", R"("http://…" or "https://…")");
  section.take_parsed("url", webhook.url, parse_url);
  section.take_list("events", webhook.events, parse_event);
  section.take("secret_file", webhook.secret_file);
  check_secret(section, "secret_file", webhook.secret_file);
  section.finish();
  return webhook;
}

Milter read_milter(Section section) {
  Milter milter;
  section.report().not_yet(section.line(), "[[milter]]");
  section.require("address", R"("127.0.0.1:11332" or "unix:/path")");
  section.take_parsed("address", milter.address, parse_address);
  section.take_choice("on_failure", milter.accept_on_failure, on_failures);
  section.finish();
  return milter;
}

}  // namespace postern::config
