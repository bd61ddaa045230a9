// relay/cli/status_screen.h: `postern status` for a person.
#pragma once

#include <string>
#include <string_view>

namespace postern::relay {

/// One screen from the answer of `GET /v1/status` (docs/control-api.md).
std::string render_status(std::string_view body);

/// Bytes for a person: "1.2 MiB".
std::string size_text(double bytes);

}  // namespace postern::relay
