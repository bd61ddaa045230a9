// mailbox/imap/commands/table.h: every IMAP command, for the session to obey.
#pragma once

#include <string>
#include <string_view>

#include "mailbox/imap/session/command.h"

namespace postern::imap {

const CommandTable& command_table();

/// By the name in capitals, "FETCH" or "UID FETCH"; null when there is no such command.
inline const Command* find_command(std::string_view name) { return command_table().find(name); }

/// The capabilities after login.
inline std::string capabilities(const Context& context, const net::Stream& stream) {
  return command_table().capabilities(context, stream, true);
}
/// Those before it.
inline std::string capabilities_before_login(const Context& context, const net::Stream& stream) {
  return command_table().capabilities(context, stream, false);
}

}  // namespace postern::imap
