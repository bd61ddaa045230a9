// core/config/door_sections.cc: who comes in, and how: [[listener]], [domain], [[device]],
// [[limit]].
#include "core/config/sections.h"

#include "core/mail/address.h"

namespace postern::config {

namespace {

// clang-format off
constexpr std::array<std::pair<std::string_view, Service>, 10> services{{
    {"smtp", Service::smtp}, {"submission", Service::submission}, {"submissions", Service::submissions},
    {"lmtp", Service::lmtp}, {"imap", Service::imap}, {"imaps", Service::imaps}, {"pop3", Service::pop3},
    {"pop3s", Service::pop3s}, {"http", Service::http}, {"https", Service::https}}};
constexpr std::array<std::pair<std::string_view, ListenerTls>, 3> listener_tls{{
    {"required", ListenerTls::required}, {"optional", ListenerTls::optional}, {"off", ListenerTls::off}}};
constexpr std::array<std::pair<std::string_view, SendingLimit::Who>, 4> subjects{{
    {"account", SendingLimit::Who::account}, {"ip", SendingLimit::Who::ip},
    {"sender_domain", SendingLimit::Who::sender_domain}, {"everyone", SendingLimit::Who::everyone}}};
// clang-format on

Parsed<std::string> parse_selector(std::string_view text) {
  // A selector is a piece of a DNS name: RFC 6376 §3.1.
  if (!text.empty() && text != "*" && mail::Domain::parse("x." + std::string(text) + ".example"))
    return std::string(text);
  return std::unexpected(in_quotes(text) + " is no DKIM selector: letters, digits, '-' and '.'");
}

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

}  // namespace postern::config
