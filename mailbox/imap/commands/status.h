// mailbox/imap/commands/status.h: what STATUS asks for, and its answer, which LIST gives, too (RFC
// 5819).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/async/task.h"
#include "mailbox/imap/grammar/arguments.h"
#include "mailbox/imap/session/account_session.h"

namespace postern::imap {

/// RFC 3501 §6.3.10; and of HIGHESTMODSEQ RFC 7162 §3.1.7, SIZE RFC 8438, DELETED RFC 9051
/// §6.3.11, DELETED-STORAGE RFC 9208 §4.1.4.
enum class StatusItem : std::uint8_t {
  messages,
  recent,
  uid_next,
  uid_validity,
  unseen,
  highest_modseq,
  size,
  deleted,
  deleted_storage
};

/// "(MESSAGES UNSEEN)".
std::vector<StatusItem> read_status_items(Cursor& cursor);

struct StatusRequest {
  std::string mailbox;
  std::vector<StatusItem> items;
  static Parsed<StatusRequest> parse(std::string_view arguments);
};

/// "* STATUS …"; "" when there is no such mailbox.
Task<std::string> status_line(AccountSession& session, std::string mailbox,
                              std::vector<StatusItem> items);

}  // namespace postern::imap
