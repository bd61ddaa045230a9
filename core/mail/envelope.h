// core/mail/envelope.h: who sent a message to whom, with what wishes (RFC 5321 §2.3.1, RFC 3461).
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "core/mail/address.h"
#include "core/mail/message_options.h"

namespace postern::mail {

/// NOTIFY= (RFC 3461 §4.1). `set` is false when the client said nothing: then failures and delays
/// are reported.
struct Notify {
  bool set = false, never = false, success = false, failure = false, delay = false;
  bool wants_success() const { return set && success; }
  bool wants_failure() const { return !set || failure; }
  bool wants_delay() const { return !set || delay; }
  bool operator==(const Notify&) const = default;
};
std::expected<Notify, SyntaxError> parse_notify(
    std::string_view text);                     // "NEVER" | "SUCCESS,FAILURE,DELAY"
std::string notify_text(const Notify& notify);  // empty when not set

/// One forward path, with what its RCPT says beside.
struct Recipient {
  EmailAddress address;
  std::string orcpt;  ///< decoded "rfc822;a@b.example", or empty
  Notify notify;
  bool operator==(const Recipient&) const = default;
};

/// ORCPT=TYPE;XTEXT (RFC 3461 §4.2, utf-8 forms as RFC 6533) decoded to "type;address"; at most 500
/// octets, no controls.
std::expected<std::string, SyntaxError> parse_orcpt(std::string_view text);
/// The same for an address that the client named no ORCPT for: "rfc822;a@b.example", or "utf-8;…"
/// (RFC 6533 §3).
std::string original_recipient(const EmailAddress& address);
/// Its way back onto the wire.
std::string orcpt_text(std::string_view decoded);
/// What SMTP says of a message outside of its text (RFC 5321 §2.3.1).
struct Envelope {
  ReversePath sender;
  std::vector<Recipient> recipients;
  MessageOptions options;
  bool operator==(const Envelope&) const = default;
};

}  // namespace postern::mail
