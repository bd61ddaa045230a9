// delivery/attempt/local_delivery.h: a delivery into a mailbox here, exactly once.
#pragma once

#include "core/async/task.h"
#include "delivery/model/local_addresses.h"
#include "delivery/model/outcome.h"
#include "mailbox/store/types.h"
#include "queue/model/message.h"

namespace postern {
class ThreadPool;
}
namespace postern::mailbox {
class Mailboxes;
}

namespace postern::delivery {

/// The message as it lies in a mailbox (RFC 5321 §4.4: the last server adds Return-Path). Shares
/// the octets of `body`; a body in the spool must outlive it there.
mailbox::Content content_for_mailbox(const mail::ReversePath& sender, const queue::Body& body);

/// `lease` goes to a mailbox (ToMailbox). A second time it finds that the mailbox has it. `pool`
/// looks for the body's file. Throws BodyMissing, and IoError when the accounts or the store cannot
/// be asked.
Task<AttemptResult> deliver_to_mailbox(LocalAddresses& local, const mailbox::Mailboxes& mailboxes,
                                       ThreadPool& pool, queue::Lease lease);

}  // namespace postern::delivery
