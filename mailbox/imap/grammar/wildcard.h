// mailbox/imap/grammar/wildcard.h: which mailbox names a LIST pattern means (RFC 3501 §6.3.8).
#pragma once

#include <string_view>

namespace postern::imap {

/// `*` matches anything, `%` anything without a '/'. Takes time in the product of both lengths at
/// the worst, never more: no backtracking.
bool matches_pattern(std::string_view pattern, std::string_view name);

}  // namespace postern::imap
