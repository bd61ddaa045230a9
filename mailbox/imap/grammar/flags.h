// mailbox/imap/grammar/flags.h: flags as IMAP writes them (RFC 3501 §2.3.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mailbox/store/types.h"

namespace postern::imap {

/// The store's bit for a system flag, by its name in capitals without the backslash.
std::optional<std::uint8_t> system_flag(std::string_view upper_name);

/// "(\Seen $Forwarded)": system flags in the RFC's case, then \Recent, then keywords by bit.
std::string write_flags(std::uint8_t system_flags, mailbox::KeywordBits keywords,
                        const std::vector<std::string>& keyword_names, bool is_recent);

/// "17-Jul-1996 02:44:25 +0000" in quotes, as INTERNALDATE has it.
std::string write_internal_date(mailbox::Seconds time);

}  // namespace postern::imap
