// delivery/config.cc: reads [delivery], [[route]] and [[shape]].
#include "delivery/config.h"

#include "core/config/reader.h"
#include "core/config/secret.h"

namespace postern::delivery {

namespace {

using config::check_secret;
using config::in_quotes;
using config::parse_pattern;
using config::Parsed;
using config::Section;

// clang-format off
constexpr std::array<std::pair<std::string_view, TlsDemand>, 3> tls_demands{{
    {"opportunistic", TlsDemand::opportunistic}, {"required", TlsDemand::required}, {"off", TlsDemand::off}}};
// clang-format on

Parsed<net::Address> parse_ip(std::string_view text) {
  auto address = net::Address::parse_ip(text);
  if (address) return *address;
  return std::unexpected(in_quotes(text) + " is no IP address");
}

OAuth read_oauth(Section section) {
  OAuth oauth;
  section.take_parsed("token_url", oauth.token_url, config::parse_url);
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

bool logs_in(const queue::Via& via) {
  const auto* hop = std::get_if<queue::NextHop>(&via);
  const auto* host = hop ? std::get_if<queue::ToSmarthost>(hop) : nullptr;
  return host && !host->user.empty();
}

}  // namespace

Config read_config(Section section) {
  Config delivery;
  std::uint64_t port = delivery.port;
  section.take_number("port", port, 1, 65535);
  delivery.port = static_cast<std::uint16_t>(port);
  section.take_list("dns", delivery.dns, [](std::string_view text) -> Parsed<net::Address> {
    if (const auto bare = net::Address::parse_ip(text, 53)) return *bare;
    auto address = config::parse_address(text);
    if (address && address->is_unix())
      return std::unexpected(in_quotes(text) + R"( is no resolver: "127.0.0.1:53" is)");
    return address;
  });
  section.take_list("source", delivery.source, parse_ip);
  section.take_choice("tls", delivery.tls, tls_demands);
  section.take("dane", delivery.dane);
  section.take("mta_sts", delivery.mta_sts);
  // Also of the default: nobody shall believe to be protected who is not.
  if (delivery.dane) {
    section.report().not_yet(section.line("dane"), "DANE (delivery.dane)");
  }
  if (delivery.mta_sts) {
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
  return delivery;
}

RouteSettings read_route(Section section) {
  RouteSettings route;
  section.take_parsed("to", route.to, parse_pattern);
  section.take_parsed("from", route.from, [](std::string_view text) {
    return text.empty() ? Parsed<std::string>("") : parse_pattern(text);
  });
  section.require("to", R"(a domain, "*.domain", an address or "*")");
  std::string via;
  section.take("via", via);
  section.require("via", "mx, smtp://host:port, … or \"reject 5.7.1 why\"");
  section.take("password_file", route.password_file);
  if (const toml::table* inner = section.table("oauth")) {
    section.report().not_yet(section.line("oauth"), "OAuth to a smarthost (route.oauth)");
    route.oauth = read_oauth(Section(section.report(), *inner, "oauth"));
  }
  if (section.has("via") && !via.empty()) {
    if (auto parsed = queue::parse_via(via)) {
      route.via = std::move(*parsed);
      const bool has_user = logs_in(route.via);
      if (has_user && route.password_file.empty() && !route.oauth) {
        section.mistake("via", "via names a user, so password_file (or oauth) is needed");
      } else if (!has_user && !route.password_file.empty()) {
        section.mistake("password_file", "password_file is for a user@ in via");
      }
    } else {
      section.mistake("via", "via: " + parsed.error());
    }
  }
  check_secret(section, "password_file", route.password_file);
  section.finish();
  return route;
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
  shape.concurrency = section.optional_number("concurrency");
  shape.messages_per_connection = section.optional_number("messages_per_connection");
  if (section.has("rate")) {
    config::Rate rate;
    section.take_parsed("rate", rate, config::parse_rate);
    shape.rate = rate;
  }
  section.finish();
  return shape;
}

}  // namespace postern::delivery
