// delivery/report/rights.h: which reports somebody may have, whatever he asks for. Pure.
#pragma once

#include "core/mail/envelope.h"

namespace postern::delivery {

/// What a stranger's wish comes to. A report goes to a sender whose name anybody may have written:
/// one of success tells him who reads an address, and of either kind it is backscatter, so that he
/// hears of nothing but a failure, which RFC 5321 §6.1 owes him. Who asked for nothing is told so
/// by report_recipient: the next host must not hear a wish that nobody had.
mail::Notify failures_only(const mail::Notify& asked);

/// The same wish for those whom an alias of several leads to: its success is told of the alias, and
/// who they are is nobody's business (RFC 3461 §5.2.7).
mail::Notify without_success(mail::Notify asked);

}  // namespace postern::delivery
