// mailbox/imap/grammar/special_use.h: the names of special-use attributes (RFC 6154 §2).
#pragma once

#include <optional>
#include <string_view>

#include "mailbox/store/types.h"

namespace postern::imap {

/// "\Sent"; "" for none.
std::string_view attribute_of(mailbox::SpecialUse use);

/// The use that is called so, by its name in capitals: "\SENT".
std::optional<mailbox::SpecialUse> special_use(std::string_view upper_name);

}  // namespace postern::imap
