// queue/model/next_hop.cc: the notations of next hops, read and written.
#include "queue/model/next_hop.h"

#include <array>
#include <optional>
#include <utility>

#include "core/config/values.h"
#include "core/net/address.h"
#include "core/number.h"

namespace postern::queue {

namespace {

using config::in_quotes;
using Scheme = ToSmarthost::Scheme;
using Parsed = std::expected<NextHop, std::string>;

constexpr std::string_view allowed_vias =
    "mx, smtp://host:port, smtps://user@host:465, submission://user@host:587, lmtp://host:port, "
    "lmtp+unix:///path, mailbox, discard or \"reject 5.7.1 why\"";

std::unexpected<std::string> unlike_any(std::string_view text) {
  return std::unexpected(in_quotes(text) + " is not one of " + std::string(allowed_vias));
}

struct Place {
  std::string host;
  std::uint16_t port;
};

/// The name or the IP address that `text` is, without its brackets.
std::optional<std::string> read_host(std::string_view text) {
  if (text.starts_with('[')) {
    if (!text.ends_with(']')) return std::nullopt;
    const std::string_view ip = text.substr(1, text.size() - 2);
    const auto address = net::Address::parse_ip(ip);
    if (!address || !address->is_ipv6()) return std::nullopt;
    return std::string(ip);
  }
  if (const auto address = net::Address::parse_ip(text); address && address->is_ipv4())
    return std::string(text);
  const auto name = mail::Domain::parse(text);
  if (!name || name->is_literal()) return std::nullopt;
  return name->text();
}

/// "[::1]:25", "host" or "host:25".
std::optional<Place> read_place(std::string_view text, std::uint16_t port) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    port = parse_number<std::uint16_t>(text.substr(colon + 1)).value_or(0);
    if (port == 0) return std::nullopt;
  }
  auto host = read_host(text.substr(0, colon));
  if (!host) return std::nullopt;
  return Place{*std::move(host), port};
}

Parsed read_mailbox(std::string_view text, std::string_view account) {
  if (account.empty()) return unlike_any(text);
  return ToMailbox{std::string(account)};
}

Parsed read_mx(std::string_view text, std::string_view name) {
  auto domain = mail::Domain::parse(name);
  if (!domain) return unlike_any(text);
  return ToMx{*std::move(domain)};
}

template <Scheme scheme, std::uint16_t usual_port>
Parsed read_smarthost(std::string_view text, std::string_view rest) {
  std::string_view user;
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    user = rest.substr(0, at);  // may hold an @ itself: many providers log in with addresses
    rest.remove_prefix(at + 1);
    if (user.empty()) return unlike_any(text);
  }
  if (user.contains(':'))
    return std::unexpected("`via` must not hold a password: use `password_file`");
  auto place = read_place(rest, usual_port);
  if (!place) return unlike_any(text);
  return ToSmarthost{.scheme = scheme,
                     .user = std::string(user),
                     .host = std::move(place->host),
                     .port = place->port,
                     .written = std::string(text)};
}

Parsed read_lmtp(std::string_view text, std::string_view rest) {
  auto place = read_place(rest, 24);
  if (!place) return unlike_any(text);
  return ToLmtp{std::move(place->host), place->port, std::string(text)};
}

Parsed read_lmtp_socket(std::string_view text, std::string_view path) {
  if (!path.starts_with('/'))
    return std::unexpected(in_quotes(text) + " needs an absolute path: lmtp+unix:///path");
  if (path.contains('\0')) return unlike_any(text);
  if (path.size() > net::longest_unix_path)
    return std::unexpected(in_quotes(text) + " is too long: a unix socket has 107 octets at most");
  return ToLmtpSocket{std::string(path)};
}

Parsed read_discard(std::string_view text, std::string_view rest) {
  if (!rest.empty()) return unlike_any(text);
  return Discard{};
}

Parsed read_reject(std::string_view text, std::string_view rest) {
  const std::size_t blank = rest.find(' ');
  const auto status = mail::StatusCode::parse(rest.substr(0, blank));
  if (!status || !status->is_permanent() || blank == std::string_view::npos) {
    return std::unexpected(
        in_quotes(text) +
        R"( is not like "reject 5.7.1 why": a permanent code of RFC 3463 and a reason)");
  }
  return Reject{*status, std::string(rest.substr(blank + 1))};
}

struct Notation {
  std::string_view begins;
  Parsed (*read)(std::string_view text, std::string_view rest);
};

// clang-format off
constexpr std::array notations{
    Notation{"local:",        read_mailbox},
    Notation{"mx:",           read_mx},
    Notation{"smtp://",       read_smarthost<Scheme::smtp, 25>},
    Notation{"smtps://",      read_smarthost<Scheme::smtps, 465>},
    Notation{"submission://", read_smarthost<Scheme::submission, 587>},
    Notation{"lmtp://",       read_lmtp},
    Notation{"lmtp+unix://",  read_lmtp_socket},
    Notation{"discard",       read_discard},
    Notation{"reject ",       read_reject},
};

struct Text {
  std::string operator()(const ToMailbox& hop) const { return "local:" + hop.account; }
  std::string operator()(const ToMx& hop) const { return "mx:" + hop.domain.text(); }
  std::string operator()(const ToSmarthost& hop) const { return hop.written; }
  std::string operator()(const ToLmtp& hop) const { return hop.written; }
  std::string operator()(const ToLmtpSocket& hop) const { return "lmtp+unix://" + hop.path; }
  std::string operator()(const Discard&) const { return "discard"; }
  std::string operator()(const Reject& hop) const { return "reject " + hop.status.text() + " " + hop.words; }
};
// clang-format on

}  // namespace

std::expected<NextHop, std::string> parse_next_hop(std::string_view text) {
  for (const Notation& notation : notations) {
    if (text.starts_with(notation.begins))
      return notation.read(text, text.substr(notation.begins.size()));
  }
  return unlike_any(text);
}

std::string text(const NextHop& hop) { return std::visit(Text(), hop); }

std::expected<Via, std::string> parse_via(std::string_view text) {
  if (text == "mx") return MxOfRecipient{};
  if (text == "mailbox") return MailboxOfRecipient{};
  auto hop = parse_next_hop(text);
  if (!hop) return std::unexpected(std::move(hop.error()));
  if (is_local(*hop) || std::holds_alternative<ToMx>(*hop)) return unlike_any(text);
  return *std::move(hop);
}

}  // namespace postern::queue
