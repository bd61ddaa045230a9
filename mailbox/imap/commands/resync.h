// mailbox/imap/commands/resync.h: what a client that comes back has missed (RFC 7162 §3.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mailbox/imap/grammar/cursor.h"
#include "mailbox/imap/grammar/sequence_set.h"
#include "mailbox/imap/session/account_session.h"

namespace postern::imap {

/// The QRESYNC parameter of SELECT (RFC 7162 §3.2.5).
struct Resync {
  std::uint32_t uid_validity = 0;  // under which the client knows the mailbox
  std::uint64_t modseq = 0;        // up to which it knows it
  std::optional<SequenceSet> known_uids;

  /// Behind its name: " (67890007 90060115194045000 41:211,214:541)".
  static Resync read(Cursor& cursor);
};

/// "* VANISHED (EARLIER) …" of those `wanted` that went after `since`; "" when there are none.
Task<std::string> vanished_earlier(AccountSession& session, std::vector<Interval> wanted,
                                   mailbox::ModSeq since);

/// What SELECT tells a client that was here before: who vanished, whose flags changed since.
/// Nothing when the UIDVALIDITY is another one: all that it knows is void.
Task<std::string> resynchronise(AccountSession& session, Resync resync);

}  // namespace postern::imap
