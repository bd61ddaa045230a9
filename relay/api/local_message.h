// relay/api/local_message.h: completes what programs of this host leave out of their messages.
// Pure.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/mail/compose.h"

namespace postern::http {

/// "ann" → ann@hostname; a whole address as it is.
std::expected<mail::EmailAddress, SyntaxError> complete_address(std::string_view text,
                                                                std::string_view hostname);

/// A message (CRLF only) whose addresses all have a domain, `hostname` where the program gave none,
/// and that has a From: of `author`, if there was none.
std::string complete_message(std::string_view message, std::string_view hostname,
                             const mail::Person& author);

}  // namespace postern::http
