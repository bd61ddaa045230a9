#include "delivery/smarthost.h"

#include <array>

#include "core/number.h"

namespace postern::delivery {
namespace {

struct Scheme {
  std::string_view prefix;
  std::uint16_t port;
  Protocol protocol;
  bool is_encrypted, from_start;
};
constexpr std::array schemes{
    Scheme{"smtp://", 25, Protocol::smtp, false, false},
    Scheme{"smtps://", 465, Protocol::smtp, true, true},
    Scheme{"submission://", 587, Protocol::smtp, true, false},
    Scheme{"lmtp://", 24, Protocol::lmtp, false, false},
};

}  // namespace

std::expected<Target, SyntaxError> parse_via(std::string_view via, TlsDemand fallback) {
  Target target;
  constexpr std::string_view unix_prefix = "lmtp+unix://";
  if (via.starts_with(unix_prefix)) {
    target.host = via.substr(unix_prefix.size());
    if (!target.host.starts_with('/'))
      return std::unexpected(
          SyntaxError{"lmtp+unix:// wants an absolute path", unix_prefix.size()});
    target.protocol = Protocol::lmtp;
    target.tls = TlsDemand::off;
    target.addresses = {net::Address::unix_socket(target.host)};
    return target;
  }
  for (const Scheme& scheme : schemes) {
    if (!via.starts_with(scheme.prefix)) continue;
    std::string_view rest = via.substr(scheme.prefix.size());
    if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
      target.user = rest.substr(0, at);
      rest.remove_prefix(at + 1);
    }
    target.port = scheme.port;
    const auto bracket = rest.rfind(']');
    const auto colon = rest.rfind(':');
    if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
      const std::string_view digits = rest.substr(colon + 1);
      target.port = parse_number<std::uint16_t>(digits).value_or(0);
      if (target.port == 0)
        return std::unexpected(SyntaxError{"not a port", via.size() - digits.size()});
      rest = rest.substr(0, colon);
    }
    if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
    if (rest.empty()) return std::unexpected(SyntaxError{"a host is missing", via.size()});
    target.host = rest;
    target.protocol = scheme.protocol;
    target.tls_from_start = scheme.from_start;
    target.tls = !target.user.empty()  ? TlsDemand::verified
                 : scheme.is_encrypted ? TlsDemand::required
                                       : fallback;
    return target;
  }
  return std::unexpected(
      SyntaxError{"not smtp://, smtps://, submission://, lmtp:// or lmtp+unix://", 0});
}

}  // namespace postern::delivery
