// mailbox/imap/commands/store.h: what STORE asks for. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "mailbox/imap/grammar/arguments.h"
#include "mailbox/imap/grammar/flag_list.h"
#include "mailbox/store/types.h"

namespace postern::imap {

struct StoreRequest {
  SequenceSet set;
  std::optional<std::uint64_t> unchanged_since;  // RFC 7162 §3.1.3
  mailbox::FlagOperation operation{};
  bool silent = false;
  FlagList flags;
  static Parsed<StoreRequest> parse(std::string_view arguments);
};

}  // namespace postern::imap
