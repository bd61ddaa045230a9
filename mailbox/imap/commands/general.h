// mailbox/imap/commands/general.h: what the small commands ask for. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mailbox/imap/grammar/arguments.h"

namespace postern::imap {

/// The names of ENABLE, in capitals (RFC 5161 §3.1).
Parsed<std::vector<std::string>> parse_enable(std::string_view arguments);
/// ID's fields are read and dropped (RFC 2971 §3.1).
Parsed<void> parse_id(std::string_view arguments);

}  // namespace postern::imap
