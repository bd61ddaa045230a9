// queue/model/next_hop.h: where a delivery goes next, as a type, and as the text that stands in
// Redis, in a route's `via` and in the log.
#pragma once

#include <compare>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>

#include "core/mail/address.h"
#include "core/mail/status.h"

namespace postern::queue {

/// "local:ACCOUNT_ID": a mailbox here. Only the node that has it may deliver.
struct ToMailbox {
  std::string account;
  auto operator<=>(const ToMailbox&) const = default;
};

/// "mx:DOMAIN": the hosts that a domain names for its mail (RFC 5321 §5.1).
struct ToMx {
  mail::Domain domain;
  auto operator<=>(const ToMx&) const = default;
};

/// "smtp://host:25", "smtps://user@host:465" (TLS from the first byte) or
/// "submission://user@[::1]:587". Made by parsing only.
struct ToSmarthost {
  enum class Scheme : std::uint8_t { smtp, smtps, submission };
  Scheme scheme{};
  std::string user;  ///< logs in, when not empty. May hold an @
  std::string host;  ///< A-label name in lower case, or an IP address without brackets
  std::uint16_t port = 0;
  std::string written;  ///< the whole of it as configuration spells it: it names the lane
  auto operator<=>(const ToSmarthost&) const = default;
};

/// "lmtp://host:24" (RFC 2033). Made by parsing only.
struct ToLmtp {
  std::string host;  ///< as of a smarthost
  std::uint16_t port = 0;
  std::string written;  ///< as of a smarthost
  auto operator<=>(const ToLmtp&) const = default;
};

/// "lmtp+unix:///path": LMTP by a unix socket.
struct ToLmtpSocket {
  std::string path;  ///< absolute, net::longest_unix_path octets at most
  auto operator<=>(const ToLmtpSocket&) const = default;
};

/// "discard": taken, and dropped without a word to the sender.
struct Discard {
  auto operator<=>(const Discard&) const = default;
};

/// "reject 5.7.1 why": returned to the sender.
struct Reject {
  mail::StatusCode status;  ///< permanent
  std::string words;
  auto operator<=>(const Reject&) const = default;
};

/// A new kind is a type above, a row of `notations` in next_hop.cc and a `text` there; what
/// delivery does with it stands in delivery/route/smarthost.cc (a host) or in its dispatcher
/// (anything else). The default, nobody's mailbox, is what a lease holds until it is filled in.
using NextHop = std::variant<ToMailbox, ToMx, ToSmarthost, ToLmtp, ToLmtpSocket, Discard, Reject>;

/// What text() gave, or configuration may say; `error` says what is allowed.
std::expected<NextHop, std::string> parse_next_hop(std::string_view text);
/// What parse_next_hop() takes, with the spelling that it was given.
std::string text(const NextHop& hop);

inline bool is_local(const NextHop& hop) { return std::holds_alternative<ToMailbox>(hop); }

/// `via` of a `[[route]]` as far as the recipient completes it: "mx" and "mailbox".
struct MxOfRecipient {
  auto operator<=>(const MxOfRecipient&) const = default;
};
struct MailboxOfRecipient {
  auto operator<=>(const MailboxOfRecipient&) const = default;
};
/// All that `via` may say. A next hop in it is neither ToMx nor ToMailbox.
using Via = std::variant<MxOfRecipient, MailboxOfRecipient, NextHop>;

/// `error` says what is allowed.
std::expected<Via, std::string> parse_via(std::string_view text);

}  // namespace postern::queue
