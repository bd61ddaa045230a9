// policy/sender_identity.h: whether a message says only the names that its account may use.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "core/mail/address.h"
#include "core/mail/headers.h"

namespace postern::policy {

/// Whether an address belongs to the account: its own, its aliases, plus-forms as the account's
/// rules say.
using MayUse = std::function<bool(const mail::EmailAddress&)>;

/// Why a submission is refused: `address` is what was used without right (printable), empty for a
/// fault of the header itself.
struct IdentityRefusal {
  std::string field;  // "From", "Sender", "Resent-From", "Resent-Sender", "MAIL FROM"
  std::string address;
  std::string text;  // one printable ASCII sentence that names the address and says what to do
};

/// Every address in From, Sender, Resent-From and Resent-Sender must be the account's. Exactly one
/// From with exactly one address, all of it readable: what another program might read differently
/// is refused.
std::expected<void, IdentityRefusal> check_sender_identity(const mail::HeaderBlock& headers,
                                                           const MayUse& may_use);
/// The same with a set of addresses; local parts are compared without regard to case.
std::expected<void, IdentityRefusal> check_sender_identity(
    const mail::HeaderBlock& headers, const std::vector<mail::EmailAddress>& own);
/// The envelope sender; <> is always allowed to the header check's caller to decide, here it
/// passes.
std::expected<void, IdentityRefusal> check_envelope_sender(const mail::ReversePath& sender,
                                                           const MayUse& may_use);

}  // namespace postern::policy
