// delivery/report/dsn.h: delivery reports (RFC 3464, multipart/report: RFC 6522) that a person
// understands. Pure.
#pragma once

#include <string>

#include "delivery/report/dsn_input.h"

namespace postern::delivery {

/// The report, CRLF only; send it from <> to `to`. 7-bit unless the original or an address is not.
std::string compose_dsn(const DsnInput& input);

}  // namespace postern::delivery
