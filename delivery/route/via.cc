// delivery/route/via.cc: takes a `via` apart.
#include "delivery/route/via.h"

#include "core/config/values.h"
#include "core/mail/address.h"
#include "core/mail/status.h"
#include "core/number.h"

namespace postern::delivery {

namespace {

using config::in_quotes;

struct ViaScheme {
  std::string_view prefix;
  Via::Kind kind;
  std::uint16_t port;
};

constexpr std::array via_schemes{
    ViaScheme{"smtp://", Via::Kind::smtp, 25},
    ViaScheme{"smtps://", Via::Kind::smtps, 465},
    ViaScheme{"submission://", Via::Kind::submission, 587},
    ViaScheme{"lmtp://", Via::Kind::lmtp, 24},
};

constexpr std::string_view allowed_vias =
    "mx, smtp://host:port, smtps://user@host:465, submission://user@host:587, lmtp://host:port, "
    "lmtp+unix:///path, mailbox, discard or \"reject 5.7.1 why\"";

std::unexpected<std::string> no_via(std::string_view text) {
  return std::unexpected(in_quotes(text) + " is not one of " + std::string(allowed_vias));
}

/// "[::1]:25", "host", "host:25" into `via`; false when it is none of these.
bool read_host(std::string_view text, Via& via) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    via.port = parse_number<std::uint16_t>(text.substr(colon + 1)).value_or(0);
    if (via.port == 0) return false;
    text = text.substr(0, colon);
  }
  if (bracket != std::string_view::npos) {
    if (text.size() != bracket + 1) return false;
    via.host = text.substr(1, bracket - 1);
    const auto address = net::Address::parse_ip(via.host);
    return address && address->is_ipv6();
  }
  if (const auto address = net::Address::parse_ip(text); address && address->is_ipv4()) {
    via.host = text;
    return true;
  }
  const auto name = mail::Domain::parse(text);
  if (!name || name->is_literal()) return false;
  via.host = name->text();
  return true;
}

std::expected<Via, std::string> read_reject(std::string_view text) {
  Via via{.kind = Via::Kind::reject};
  const std::string_view rest = text.substr(std::string_view("reject ").size());
  const std::size_t space = rest.find(' ');
  const auto status = mail::StatusCode::parse(rest.substr(0, space));
  if (!status || !rest.starts_with('5') || space == std::string_view::npos) {
    return std::unexpected(
        in_quotes(text) +
        R"( is not like "reject 5.7.1 why": a permanent code of RFC 3463 and a reason)");
  }
  via.status = rest.substr(0, space);
  via.reason = rest.substr(space + 1);
  return via;
}

}  // namespace

std::expected<Via, std::string> Via::parse(std::string_view text) {
  if (text == "mx") return Via{.kind = Kind::mx};
  if (text == "mailbox") return Via{.kind = Kind::mailbox};
  if (text == "discard") return Via{.kind = Kind::discard};
  if (text.starts_with("reject ")) return read_reject(text);
  if (text.starts_with("lmtp+unix://")) {
    Via via{.kind = Kind::lmtp_unix, .path = std::string(text.substr(12))};
    if (!via.path.starts_with('/')) {
      return std::unexpected(in_quotes(text) + " needs an absolute path: lmtp+unix:///path");
    }
    if (via.path.size() > 107) {
      return std::unexpected(in_quotes(text) +
                             " is too long: a unix socket has 107 octets at most");
    }
    return via;
  }
  for (const ViaScheme& scheme : via_schemes) {
    if (!text.starts_with(scheme.prefix)) continue;
    Via via{.kind = scheme.kind, .port = scheme.port};
    std::string_view rest = text.substr(scheme.prefix.size());
    if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
      via.user = rest.substr(0, at);  // may hold an @ itself: many providers log in with addresses
      rest.remove_prefix(at + 1);
      if (via.user.empty() || scheme.kind == Kind::lmtp) return no_via(text);
    }
    if (via.user.find(':') != std::string::npos) {
      return std::unexpected(std::string("`via` must not hold a password: use `password_file`"));
    }
    if (!read_host(rest, via)) return no_via(text);
    return via;
  }
  return no_via(text);
}

}  // namespace postern::delivery
