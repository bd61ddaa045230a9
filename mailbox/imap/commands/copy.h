// mailbox/imap/commands/copy.h: what COPY and MOVE ask for. Pure.
#pragma once

#include <string>
#include <string_view>

#include "mailbox/imap/grammar/arguments.h"

namespace postern::imap {

struct CopyRequest {
  SequenceSet set;
  std::string mailbox;
  static Parsed<CopyRequest> parse(std::string_view arguments);
};

}  // namespace postern::imap
