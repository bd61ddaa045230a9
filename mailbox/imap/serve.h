// mailbox/imap/serve.h: one IMAP conversation, greeting to LOGOUT (RFC 3501).
#pragma once

#include "core/async/task.h"
#include "core/net/stream.h"
#include "mailbox/imap/session/context.h"

namespace postern::imap {

/// Serves a connection up to its login, then hands it to the loop that owns the account
/// (`Mailboxes`). A stream that came over implicit TLS is encrypted already. Called on the loop of
/// the stream; ends without an exception, whatever the client does.
Task<> serve(net::Stream stream, Context context);

}  // namespace postern::imap
