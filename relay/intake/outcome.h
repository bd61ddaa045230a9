// relay/intake/outcome.h: what intake says of a sender, a recipient or a message: taken, or not and
// why. In nobody's words: each door has its own.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "core/mail/address.h"
#include "core/mail/status.h"
#include "queue/model/queue_id.h"

namespace postern::relay {

/// Why something is not taken.
enum class Reason : std::uint8_t {
  // For now: the same again, later, may be taken.
  queue_away,     ///< Redis does not answer, or must not be trusted
  store_away,     ///< the mailbox store
  accounts_away,  ///< the accounts cannot be asked
  queue_full,     ///< memory, disk or spool
  mailbox_full,   ///< the quota of `address`
  // For good.
  no_relay,       ///< `address` is not ours, and who asks may not send to others
  not_local,      ///< `address` is not ours, and this door carries to nobody else
  no_mailbox,     ///< `address` is ours, and nobody has it
  by_rule,        ///< a route refuses the address, with `status` and `words` of the operator
  identity,       ///< the account may not use an address that the message names, as `words` say
  bad_message,    ///< as `words` say
  loop_detected,  ///< too many Received fields (RFC 5321 §6.3)
  key_reused,     ///< the idempotency key came with another message before
};
inline constexpr std::array all_reasons{
    Reason::queue_away,   Reason::store_away, Reason::accounts_away, Reason::queue_full,
    Reason::mailbox_full, Reason::no_relay,   Reason::not_local,     Reason::no_mailbox,
    Reason::by_rule,      Reason::identity,   Reason::bad_message,   Reason::loop_detected,
    Reason::key_reused};

/// What a door needs to word a refusal.
struct Refused {
  Reason why{};
  mail::StatusCode status;  ///< RFC 3463
  std::string address;      ///< whom it is about, when it is one recipient
  std::string words;        ///< of a policy; not yet fit for a reply line

  /// Of a rule whatever its status code says: it is refused, not put off.
  bool is_permanent() const { return why >= Reason::no_relay; }
};

/// With the status code that goes with `why`.
Refused refused(Reason why);
Refused refused(Reason why, const mail::EmailAddress& about);
Refused refused_because(Reason why, std::string words);

using Permission = std::expected<void, Refused>;

/// The message is our responsibility from now on: it is on disk.
struct Accepted {
  queue::QueueId id{};
  /// In whose mailbox it lies already; none: it is in the queue.
  std::optional<mail::EmailAddress> delivered_to{};
};

/// What becomes of a message, or of it for one recipient (RFC 2033 §4.2).
using Acceptance = std::expected<Accepted, Refused>;

}  // namespace postern::relay
