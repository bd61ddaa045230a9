// core/redis/url.cc: where a Redis is.
#include <charconv>
#include <optional>

#include "core/redis/connection.h"

namespace postern::redis {

namespace {

std::optional<unsigned> number(std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || stop != text.data() + text.size() || value > most) {
    return std::nullopt;
  }
  return value;
}

/// RFC 3986 §2.1; none when a `%` is not followed by two hexadecimal digits.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    unsigned value = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const char* const digits = text.data() + i + 1;
    if (std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2) return std::nullopt;
    plain += static_cast<char>(value);
    i += 2;
  }
  return plain;
}

std::unexpected<SyntaxError> wrong(std::string text) {
  return std::unexpected(SyntaxError{std::move(text)});
}

/// Takes "user:password@" or "password-less user@" off the front.
std::expected<void, SyntaxError> take_user(std::string_view& rest, Url& url) {
  const std::size_t at = rest.substr(0, rest.find('/')).rfind('@');
  if (at == rest.npos) return {};
  const std::string_view both = rest.substr(0, at);
  const std::size_t colon = both.find(':');
  const auto user = percent_decoded(both.substr(0, colon));
  const auto password =
      percent_decoded(colon == both.npos ? std::string_view() : both.substr(colon + 1));
  if (!user || !password) return wrong("bad %-escape in the user or the password");
  url.user = *user;
  url.password = *password;
  rest.remove_prefix(at + 1);
  return {};
}

std::expected<Url, SyntaxError> parse_unix(std::string_view rest) {
  Url url;
  if (const auto taken = take_user(rest, url); !taken) return std::unexpected(taken.error());
  if (const std::size_t query = rest.find("?db="); query != rest.npos) {
    const auto database = number(rest.substr(query + 4), 65535);
    if (!database) return wrong("the database is not a number");
    url.database = *database;
    rest = rest.substr(0, query);
  }
  if (rest.empty()) return wrong("a path is missing: unix:///run/redis.sock");
  if (rest.size() > 107) return wrong("the path of a unix socket has at most 107 octets");
  url.socket = rest;
  return url;
}

std::expected<Url, SyntaxError> parse_tcp(std::string_view rest) {
  Url url;
  if (const auto taken = take_user(rest, url); !taken) return std::unexpected(taken.error());
  if (const std::size_t slash = rest.find('/'); slash != rest.npos) {
    const std::string_view path = rest.substr(slash + 1);
    const auto database = path.empty() ? std::optional<unsigned>(0) : number(path, 65535);
    if (!database) return wrong("the database is not a number: redis://host:6379/0");
    url.database = *database;
    rest = rest.substr(0, slash);
  }
  std::string_view port;
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == rest.npos) return wrong("a ] is missing");
    url.host = rest.substr(1, end - 1);
    port = rest.substr(end + 1);
  } else {
    const std::size_t colon = rest.find(':');
    url.host = rest.substr(0, colon);
    port = colon == rest.npos ? std::string_view() : rest.substr(colon);
  }
  if (url.host.empty()) return wrong("a host is missing: redis://host:6379/0");
  if (!port.empty()) {
    const auto value = port[0] == ':' ? number(port.substr(1), 65535) : std::nullopt;
    if (!value || *value == 0) return wrong("the port is not a number from 1 to 65535");
    url.port = static_cast<std::uint16_t>(*value);
  }
  return url;
}

}  // namespace

std::expected<Url, SyntaxError> Url::parse(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c == 127) return wrong("blanks and control characters are not allowed");
  }
  if (text.starts_with("unix://")) return parse_unix(text.substr(7));
  if (text.starts_with("redis://")) return parse_tcp(text.substr(8));
  return wrong("a Redis is unix:///PATH or redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]");
}

std::string Url::text() const {
  if (!socket.empty()) return "unix://" + socket;
  const std::string name = host.find(':') == host.npos ? host : "[" + host + "]";
  return "redis://" + name + ":" + std::to_string(port) + "/" + std::to_string(database);
}

}  // namespace postern::redis
