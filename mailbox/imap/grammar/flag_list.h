// mailbox/imap/grammar/flag_list.h: flags as a client names them (RFC 3501 §9, `flag-list`). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mailbox/imap/grammar/cursor.h"

namespace postern::imap {

/// \Recent, which no client can set (RFC 3501 §2.3.2), is dropped.
struct FlagList {
  std::uint8_t system_flags = 0;  // bits of mailbox::flag
  std::vector<std::string> keywords;
};

/// One flag more.
void read_flag(Cursor& cursor, FlagList& flags);
/// "(\Seen $Forwarded)", or "()".
FlagList read_flag_list(Cursor& cursor);

}  // namespace postern::imap
