// delivery/model/sanitise.h: what strangers write, made harmless for logs, reports and header
// fields.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postern::delivery {

/// Remote text for people, logs and fields: one line, printable ASCII or valid UTF-8, no controls,
/// at most `limit` octets.
std::string sanitise(std::string_view text, std::size_t limit = 1000, bool ascii_only = true);

}  // namespace postern::delivery
