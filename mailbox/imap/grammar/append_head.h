// mailbox/imap/grammar/append_head.h: what APPEND says before each message (RFC 3501 §6.3.11; RFC
// 3502 §6.3.11). In the grammar's room, for whoever reads commands must know where a message begins
// that is too large to be part of one. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mailbox/imap/grammar/arguments.h"
#include "mailbox/imap/grammar/flag_list.h"

namespace postern::imap {

/// One message of APPEND, up to its literal.
struct AppendHead {
  FlagList flags;
  std::optional<std::int64_t> internal_date;  // seconds since 1970, UTC
};

/// What APPEND's bytes say, when they end where a message's literal is announced. `bytes` is what
/// came after the tag and the name and ends in `{n}` or `{n+}`; with `mailbox` null (a further
/// message, RFC 3502) it starts at the blank before the flags. No value: the literal is the
/// mailbox's name, read on.
Parsed<std::optional<AppendHead>> parse_append(std::string_view bytes, std::string* mailbox);

/// True when the text of a command ends where a message of APPEND is announced.
bool announces_message(std::string_view text);

}  // namespace postern::imap
