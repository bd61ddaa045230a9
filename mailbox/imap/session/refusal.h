// mailbox/imap/session/refusal.h: what goes wrong, as the client hears it.
#pragma once

#include "core/error.h"
#include "mailbox/imap/session/replies.h"
#include "mailbox/store/types.h"

namespace postern::imap {

/// What a refusal of the store becomes (response codes: RFC 5530 §3).
Answer refusal(mailbox::StoreError error);

/// The same where a message was to be put into a mailbox: the client may create the one that is
/// missing (TRYCREATE: RFC 3501 §6.3.11, §6.4.7).
Answer refusal_of_target(mailbox::StoreError error);

inline Answer bad_syntax(const SyntaxError& error) { return reply::bad_syntax.about(error.text); }

}  // namespace postern::imap
