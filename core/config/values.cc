// core/config/values.cc: durations, sizes, rates, patterns, addresses.
#include "core/config/values.h"

#include <charconv>
#include <limits>
#include <numeric>

#include "core/mail/address.h"
#include "core/number.h"

namespace postern::config {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// clang-format off
constexpr std::array time_units{
    Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60'000}, Unit{"h", 3'600'000}, Unit{"d", 86'400'000}};
constexpr std::array size_units{
    Unit{"B", 1},
    Unit{"KB", 1'000},   Unit{"MB", 1'000'000}, Unit{"GB", 1'000'000'000}, Unit{"TB", 1'000'000'000'000},
    Unit{"KiB", 1 << 10}, Unit{"MiB", 1 << 20},  Unit{"GiB", 1 << 30},      Unit{"TiB", 1ULL << 40}};
// clang-format on
constexpr std::uint64_t ten_years = 3650ULL * 86'400'000;
constexpr std::uint64_t largest_size = 1ULL << 60;

/// A number and a unit; none when it is not that, or more than `most`.
std::optional<std::uint64_t> measure(std::string_view text, std::span<const Unit> units,
                                     std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  for (const Unit& unit : units) {
    if (text == unit.name) {
      if (number > most / unit.factor) return std::nullopt;
      return number * unit.factor;
    }
  }
  return std::nullopt;
}

}  // namespace

Parsed<Milliseconds> parse_duration(std::string_view text) {
  const auto found = measure(text, time_units, ten_years);
  if (found) return Milliseconds(*found);
  return std::unexpected(in_quotes(text) + R"( is no duration: "90s", "5m", "4h" and "5d" are)");
}

Parsed<std::uint64_t> parse_size(std::string_view text) {
  const auto found = measure(text, size_units, largest_size);
  if (found) return *found;
  return std::unexpected(in_quotes(text) + R"( is no size: "64KiB", "25MB" and "4GB" are)");
}

Parsed<Rate> parse_rate(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto count = parse_number<std::uint64_t>(text.substr(0, slash)).value_or(0);
  if (slash != std::string_view::npos && count > 0) {
    const auto per = measure("1" + std::string(text.substr(slash + 1)), time_units, ten_years);
    if (per && *per >= 1000) return Rate{count, Milliseconds(*per)};
  }
  return std::unexpected(in_quotes(text) + R"( is no rate: "50/s", "100/m" and "30/h" are)");
}

Parsed<std::string> parse_pattern(std::string_view text) {
  if (text == "*") return "*";
  const std::size_t at = text.rfind('@');
  std::string_view domain = at == std::string_view::npos ? text : text.substr(at + 1);
  const bool any_local = at == 1 && text[0] == '*';
  if (at != std::string_view::npos && !any_local) {
    if (const auto address = mail::EmailAddress::parse(text)) return address->text();
  } else {
    const bool below = domain.starts_with("*.");
    if (below) domain.remove_prefix(2);
    if (const auto parsed = mail::Domain::parse(domain)) {
      return std::string(any_local ? "*@" : "") + (below ? "*." : "") + parsed->text();
    }
  }
  return std::unexpected(in_quotes(text) +
                         R"( is neither a domain, "*.domain", an address, "*@domain" nor "*")");
}

Parsed<std::string> parse_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && colon > 0) {
    std::string_view host = text.substr(0, colon);
    const bool is_port = parse_number<std::uint16_t>(text.substr(colon + 1)).value_or(0) > 0;
    if (host.starts_with('[') && host.ends_with(']')) {
      host = host.substr(1, host.size() - 2);
      const auto address = net::Address::parse_ip(host);
      if (is_port && address && address->is_ipv6()) return std::string(text);
    } else if (is_port && (mail::Domain::parse(host) || net::Address::parse_ip(host))) {
      return std::string(text);
    }
  }
  return std::unexpected(in_quotes(text) + R"( is not "host:port")");
}

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

Parsed<std::string> parse_url(std::string_view text) {
  if (text.starts_with("http://") || text.starts_with("https://")) {
    if (text.find(' ') == std::string_view::npos && text.size() > 8) return std::string(text);
  }
  return std::unexpected(in_quotes(text) + R"( is no "http://…" or "https://…")");
}

namespace {

/// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t least = 64;
  if (word.size() > 64) return best;
  for (const std::string_view candidate : candidates) {
    const std::size_t far = distance(word, candidate);
    if (far < least && far <= std::max<std::size_t>(2, candidate.size() / 3)) {
      least = far;
      best = candidate;
    }
  }
  return best;
}

std::string any_of(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

std::string in_quotes(std::string_view text) {
  std::string shown = "\"";
  for (const char c : text.substr(0, 120)) shown += c >= ' ' && c < 127 && c != '"' ? c : '?';
  return shown + (text.size() > 120 ? "…\"" : "\"");
}

}  // namespace postern::config
