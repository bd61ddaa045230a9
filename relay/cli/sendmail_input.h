// relay/cli/sendmail_input.h: what programs hand to sendmail, as the gateway wants it. Pure.
#pragma once

#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "core/mail/headers.h"

namespace postern::relay {

/// The message on `input` with CRLF line ends; to a lone dot, unless dots are ignored. Lines of an
/// mbox file above its header (`From ann Thu Jan …`) are left out. One of more than `most` octets
/// is not read to its end.
std::string read_message(std::istream& input, bool ignores_dots, std::size_t most);

/// The addresses of an argument: `ann`, `<ann@b.example>`, `Ann <ann@b.example>, bob@b.example`.
/// One that cannot be read is given as it is: the gateway says what is wrong with it.
std::vector<std::string> addresses_in(const std::string& argument);

/// An envelope sender as the API wants it; empty for `<>`.
std::string sender_in(const std::string& argument);

/// Those of To, Cc and Bcc; of a message that is sent again, those of its Resent- fields instead
/// (RFC 5322 §3.6.6).
std::vector<std::string> header_recipients(const mail::HeaderBlock& headers);

/// The message with an empty line where its header ends, and without Bcc and Resent-Bcc, which are
/// for the envelope alone.
std::string for_submission(const std::string& message);

}  // namespace postern::relay
