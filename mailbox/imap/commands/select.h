// mailbox/imap/commands/select.h: what SELECT and EXAMINE ask for. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mailbox/imap/commands/resync.h"
#include "mailbox/imap/grammar/arguments.h"

namespace postern::imap {

/// RFC 3501 §6.3.1; its parameters: RFC 4466 §2.1.
struct SelectRequest {
  std::string mailbox;
  bool condstore = false;        // RFC 7162 §3.1.8
  std::optional<Resync> resync;  // RFC 7162 §3.2.5
  static Parsed<SelectRequest> parse(std::string_view arguments);
};

}  // namespace postern::imap
