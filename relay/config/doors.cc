// relay/config/doors.cc: reads [[listener]], [tls], [limits] and [[device]].
#include "relay/config/doors.h"

#include "core/config/reader.h"

namespace postern::relay {

namespace {

using config::any_of;
using config::parse_mailbox;
using config::parse_network;
using config::Rate;
using config::Section;
using net::TlsOffer;

constexpr std::uint64_t million = 1'000'000;
constexpr std::uint64_t most_bytes = 1ULL << 40;

// clang-format off
constexpr std::array<std::pair<std::string_view, TlsOffer>, 3> tls_offers{{
    {"required", TlsOffer::required}, {"optional", TlsOffer::optional}, {"off", TlsOffer::off}}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> tls_versions{{{"1.2", "1.2"}, {"1.3", "1.3"}}};
// clang-format on

std::vector<std::string_view> names_of_services() {
  std::vector<std::string_view> names;
  for (const ServiceRow& row : services) names.push_back(row.name);
  return names;
}

void check_listener_tls(Section& section, const Listener& listener) {
  if (row_of(listener.service).has_implicit_tls && listener.tls != TlsOffer::required) {
    section.mistake("tls", std::string(name(listener.service)) +
                               " is TLS from its first byte: tls must be required");
  }
  if (listener.service == Service::http && listener.tls != TlsOffer::off) {
    section.mistake("tls", "http knows no STARTTLS: tls must be off, or the service https");
  }
}

void read_addresses(Section& section, Listener& listener) {
  constexpr std::string_view example = R"(["127.0.0.1:25", "[::1]:25", "unix:/path"])";
  section.take_list("address", listener.addresses, config::parse_address);
  for (net::Address& address : listener.addresses) address = section.report().resolve(address);
  section.require("address", example);
  const toml::node* node = section.find("address");
  if (node != nullptr && node->is_array() && node->as_array()->empty()) {
    section.mistake("address", "address is empty, must hold one at least: " + std::string(example));
  }
}

Rate read_count_per(Section section, Rate rate) {
  section.take_number("count", rate.count, 1, million);
  section.take_duration("per", rate.per, std::chrono::seconds(1));
  section.finish();
  return rate;
}

}  // namespace

Listener read_listener(Section section) {
  Listener listener{.line = section.line()};
  section.require("service", any_of(names_of_services()));
  section.take_choice("service", listener.service, service_words);
  read_addresses(section, listener);
  listener.tls = row_of(listener.service).tls;
  section.take_choice("tls", listener.tls, tls_offers);
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

Tls read_tls(Section section) {
  Tls tls;
  std::string_view version = tls.min_version;
  section.take("certificate", tls.certificate);
  section.take("key", tls.key);
  section.take_choice("min_version", version, tls_versions);
  tls.min_version = std::string(version);
  tls.certificate_line = section.line("certificate");
  tls.key_line = section.line("key");
  if (tls.certificate.empty() != tls.key.empty()) {
    section.require(tls.key.empty() ? "key" : "certificate", "both or neither");
  }
  section.finish();
  return tls;
}

Limits read_limits(Section section) {
  Limits limits;
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
  return limits;
}

Device read_device(Section section) {
  Device device;
  section.report().not_yet(section.line(), "[[device]]");
  section.take_list("networks", device.networks, parse_network);
  section.take("listener", device.listener);
  section.take_parsed("sender", device.sender, parse_mailbox);
  section.take_list("recipients", device.recipients, config::parse_pattern);
  if (section.has("rate")) {
    Rate rate;
    section.take_parsed("rate", rate, config::parse_rate);
    device.rate = rate;
  }
  section.require("networks", R"(["192.0.2.40/32"])");
  section.require("listener", "the `name` of a [[listener]]");
  section.require("sender", "a mail address");
  section.require("recipients", R"(["*@office.example"])");
  section.finish();
  return device;
}

}  // namespace postern::relay
