// core/mail/envelope.h: who sent a message to whom, with the DSN wishes of RFC 3461.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "core/mail/address.h"

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

enum class Ret { unset, full, headers };  // RET= (RFC 3461 §4.3)
std::expected<Ret, SyntaxError> parse_ret(std::string_view text);
std::string_view ret_text(Ret ret);  // "FULL", "HDRS" or empty

struct Recipient {
  EmailAddress address;
  std::string orcpt;  // decoded "rfc822;a@b.example", or empty
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
/// ENVID= (RFC 3461 §4.4), decoded; at most 100 octets, printable.
std::expected<std::string, SyntaxError> parse_envid(std::string_view text);

struct Envelope {
  ReversePath sender;
  std::vector<Recipient> recipients;
  bool eight_bit = false;  // BODY=8BITMIME
  bool smtputf8 = false;
  std::string envid;  // decoded, or empty
  Ret ret = Ret::unset;
};

}  // namespace postern::mail
