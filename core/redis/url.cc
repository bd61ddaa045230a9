// core/redis/url.cc: where a Redis is.
#include <optional>

#include "core/net/address.h"
#include "core/number.h"
#include "core/percent.h"
#include "core/redis/connection.h"

namespace postern::redis {

namespace {

std::optional<unsigned> number(std::string_view text, unsigned most) {
  const auto value = parse_number<unsigned>(text);
  return value && *value <= most ? value : std::nullopt;
}

/// Takes "user:password@" or "password-less user@" off the front.
std::expected<void, SyntaxError> take_user(std::string_view& rest, Url& url) {
  const std::size_t at = rest.substr(0, rest.find('/')).rfind('@');
  if (at == rest.npos) return {};
  const std::string_view both = rest.substr(0, at);
  const std::size_t colon = both.find(':');
  const auto user = percent_decode(both.substr(0, colon));
  const auto password =
      percent_decode(colon == both.npos ? std::string_view() : both.substr(colon + 1));
  if (!user || !password) return syntax_error("bad %-escape in the user or the password");
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
    if (!database) return syntax_error("the database is not a number");
    url.database = *database;
    rest = rest.substr(0, query);
  }
  if (rest.empty()) return syntax_error("a path is missing: unix:///run/redis.sock");
  if (rest.size() > net::longest_unix_path)
    return syntax_error("the path of a unix socket has at most 107 octets");
  url.socket = rest;
  return url;
}

std::expected<Url, SyntaxError> parse_tcp(std::string_view rest) {
  Url url;
  if (const auto taken = take_user(rest, url); !taken) return std::unexpected(taken.error());
  if (const std::size_t slash = rest.find('/'); slash != rest.npos) {
    const std::string_view path = rest.substr(slash + 1);
    const auto database = path.empty() ? std::optional<unsigned>(0) : number(path, 65535);
    if (!database) return syntax_error("the database is not a number: redis://host:6379/0");
    url.database = *database;
    rest = rest.substr(0, slash);
  }
  std::string_view port;
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == rest.npos) return syntax_error("a ] is missing");
    url.host = rest.substr(1, end - 1);
    port = rest.substr(end + 1);
  } else {
    const std::size_t colon = rest.find(':');
    url.host = rest.substr(0, colon);
    port = colon == rest.npos ? std::string_view() : rest.substr(colon);
  }
  if (url.host.empty()) return syntax_error("a host is missing: redis://host:6379/0");
  if (!port.empty()) {
    const auto value = port[0] == ':' ? number(port.substr(1), 65535) : std::nullopt;
    if (!value || *value == 0) return syntax_error("the port is not a number from 1 to 65535");
    url.port = static_cast<std::uint16_t>(*value);
  }
  return url;
}

}  // namespace

std::expected<Url, SyntaxError> Url::parse(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c == 127) return syntax_error("blanks and control characters are not allowed");
  }
  if (text.starts_with("unix://")) return parse_unix(text.substr(7));
  if (text.starts_with("redis://")) return parse_tcp(text.substr(8));
  return syntax_error("a Redis is unix:///PATH or redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]");
}

std::string Url::text() const {
  if (!socket.empty()) return "unix://" + socket;
  const std::string name = host.find(':') == host.npos ? host : "[" + host + "]";
  return "redis://" + name + ":" + std::to_string(port) + "/" + std::to_string(database);
}

}  // namespace postern::redis
