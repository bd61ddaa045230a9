// delivery/report/dsn_text.h: what a delivery report says to a person. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/mail/headers.h"
#include "core/mail/status.h"
#include "delivery/report/dsn_input.h"

namespace postern::delivery {

/// How each kind is told.
struct Telling {
  DsnKind kind;
  std::string_view action;  ///< RFC 3464 §2.3.3
  std::string_view subject;
  std::string_view sentence;
  std::uint16_t klass;
};
/// In the order of how much it matters to the sender.
inline constexpr std::array tellings{
    Telling{DsnKind::failed, "failed", "Not delivered", "It could not be delivered to:", 5},
    Telling{DsnKind::delayed, "delayed", "Delayed",
            "It has not been delivered yet, and is being tried again, to:", 4},
    Telling{DsnKind::delivered, "delivered", "Delivered", "It was delivered to:", 2},
    Telling{DsnKind::relayed, "relayed", "Passed on",
            "It was passed on to a server that sends no further reports, for:", 2},
    Telling{DsnKind::expanded, "expanded", "Delivered",
            "It was delivered to the list or alias, which passes it on:", 2},
};

const Telling& telling_of(DsnKind kind);
/// The recipient's status, or the general one of its kind.
mail::StatusCode status_of(const DsnRecipient& recipient);

/// The first part of a report: what became of which recipients, and what can be done about it.
/// `headers` are the original's.
std::string human_text(const DsnInput& input, const mail::HeaderBlock& headers);

}  // namespace postern::delivery
