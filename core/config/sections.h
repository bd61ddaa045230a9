// core/config/sections.h: one function for each section of postern.toml.
#pragma once

#include "core/config/reader.h"

namespace postern::config {

constexpr std::uint64_t million = 1'000'000;

void read_log(Section section, Config& config);
void read_tls(Section section, Config& config);
void read_limits(Section section, Config& config);
void read_accounts(Section section, Config& config);
void read_queue(Section section, Config& config);
void read_delivery(Section section, Config& config);
Listener read_listener(Section section);
Domain read_domain(Section section);
Device read_device(Section section);
Route read_route(Section section);
SendingLimit read_sending_limit(Section section);
Shape read_shape(Section section);
Webhook read_webhook(Section section);
Milter read_milter(Section section);

/// "192.0.2.0/24" → network, in words for the operator.
Parsed<net::Network> parse_network(std::string_view text);
Parsed<net::Address> parse_address(std::string_view text);
Parsed<std::string> parse_mailbox(std::string_view text);
/// "smtp://…" is for routes; here it is http or https.
Parsed<std::string> parse_url(std::string_view text);

/// A number from 1 to 10^9 that may be absent.
template <class T>
std::optional<T> optional_number(Section& section, std::string_view key) {
  if (!section.has(key)) return std::nullopt;
  std::uint64_t value = 0;
  section.take_number(key, value, 1, 1'000'000'000);
  return value;
}

/// A secret is named: it must be readable now. Notes a mistake.
void check_secret(Section& section, std::string_view key, const Path& file);

}  // namespace postern::config
