// mailbox/imap/commands/folders.h: what CREATE asks for. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mailbox/imap/grammar/arguments.h"

namespace postern::imap {

struct CreateRequest {
  std::string mailbox;
  std::vector<std::string> uses;  // "\SENT", in capitals (RFC 6154 §3)
  static Parsed<CreateRequest> parse(std::string_view arguments);
};

}  // namespace postern::imap
