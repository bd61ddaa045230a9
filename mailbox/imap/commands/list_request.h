// mailbox/imap/commands/list_request.h: what LIST and LSUB ask for (RFC 3501 §6.3.8; RFC 5258,
// 5819, 6154). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mailbox/imap/commands/status.h"
#include "mailbox/imap/grammar/arguments.h"

namespace postern::imap {

inline constexpr std::size_t pattern_limit = 100;  // of one LIST

/// LIST with the extensions of RFC 5258, 5819 and 6154, and LSUB.
struct ListRequest {
  std::string reference;
  std::vector<std::string> patterns;  // on the wire's form: reference not yet before them
  bool extended = false;              // any option was given
  // Selection options (RFC 5258 §3.1; RFC 6154 §2). REMOTE selects nothing here.
  bool select_subscribed = false, select_recursive = false, select_special = false,
       select_remote = false;
  // Return options (RFC 5258 §3.2; RFC 5819 §2; RFC 6154 §2).
  bool return_subscribed = false, return_children = false, return_special = false;
  std::vector<StatusItem> return_status;
  static Parsed<ListRequest> parse(std::string_view arguments);
};

}  // namespace postern::imap
