// core/config/words.cc: values that several sections hold, in words for the operator.
#include "core/config/sections.h"

#include "core/error.h"
#include "core/mail/address.h"

namespace postern::config {

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

Parsed<std::string> parse_url(std::string_view text) {
  if (text.starts_with("http://") || text.starts_with("https://")) {
    if (text.find(' ') == std::string_view::npos && text.size() > 8) return std::string(text);
  }
  return std::unexpected(in_quotes(text) + R"( is no "http://…" or "https://…")");
}

}  // namespace postern::config
