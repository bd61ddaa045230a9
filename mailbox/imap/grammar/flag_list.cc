// mailbox/imap/grammar/flag_list.cc: reads system flags and keywords.
#include "mailbox/imap/grammar/flag_list.h"

#include "mailbox/imap/grammar/arguments.h"
#include "mailbox/imap/grammar/flags.h"

namespace postern::imap {

void read_flag(Cursor& cursor, FlagList& flags) {
  if (!cursor.skip('\\')) {
    flags.keywords.push_back(cursor.atom());
    return;
  }
  const std::string name = cursor.upper_atom();
  if (name == "RECENT") return;
  const auto bit = system_flag(name);
  if (!bit) return cursor.fail("no such system flag");
  flags.system_flags |= *bit;
}

FlagList read_flag_list(Cursor& cursor) {
  FlagList flags;
  read_list(cursor, true, [&] { read_flag(cursor, flags); });
  return flags;
}

}  // namespace postern::imap
