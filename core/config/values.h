// core/config/values.h: the small notations of postern.toml. Pure; an error says what is allowed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/config/types.h"
#include "core/net/address.h"

namespace postern::config {

/// "250ms", "90s", "5m", "4h", "5d"; ten years at most.
Parsed<Milliseconds> parse_duration(std::string_view text);
/// "1000B", "64KiB", "25MB"; up to TB and TiB.
Parsed<std::uint64_t> parse_size(std::string_view text);
/// "50/s", "30/h": s, m, h or d.
Parsed<Rate> parse_rate(std::string_view text);
/// A domain, "*.domain", an address, "*@domain", "*@*.domain" or "*"; in lower case where it may
/// be.
Parsed<std::string> parse_pattern(std::string_view text);
/// "host:port" of a name, an IPv4 address or an IPv6 address in brackets.
Parsed<std::string> parse_host_port(std::string_view text);
/// "192.0.2.0/24" → network, in words for the operator.
Parsed<net::Network> parse_network(std::string_view text);
/// "127.0.0.1:25", "[::1]:25" or "unix:/path"; the port is not 0.
Parsed<net::Address> parse_address(std::string_view text);
/// A mail address, as EmailAddress writes it.
Parsed<std::string> parse_mailbox(std::string_view text);
/// "smtp://…" is for routes; here it is http or https.
Parsed<std::string> parse_url(std::string_view text);

/// The candidate that is most like `word`; empty when none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);
/// "a, b or c"
std::string any_of(std::span<const std::string_view> words);
/// Printable ASCII in quotes, cut to what fits a line: how a message shows what stands in the file.
std::string in_quotes(std::string_view text);

}  // namespace postern::config
