// core/mail/message_options.h: what a client wishes of a message as a whole, beside its path.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "core/error.h"

namespace postern::mail {

/// RET= (RFC 3461 §4.3): how much of the message a report of its failure brings back.
enum class Ret { unset, full, headers };
/// "FULL" or "HDRS", any case.
std::expected<Ret, SyntaxError> parse_ret(std::string_view text);
std::string_view ret_text(Ret ret);  // "FULL", "HDRS" or empty

/// ENVID= (RFC 3461 §4.4), decoded; at most 100 octets, printable.
std::expected<std::string, SyntaxError> parse_envid(std::string_view text);

/// The options of a message: what its MAIL says, and what travels with it through the queue to the
/// next host. Only three know their names: the table of parameters (esmtp.cc), the queue's codec,
/// and whoever obeys one.
struct MessageOptions {
  bool eight_bit = false;  ///< BODY=8BITMIME (RFC 6152 §2)
  bool smtputf8 = false;   ///< an address or the header is in UTF-8 (RFC 6531 §3.4)
  std::string envid;       ///< decoded, or empty
  Ret ret = Ret::unset;
  bool operator==(const MessageOptions&) const = default;
};

}  // namespace postern::mail
