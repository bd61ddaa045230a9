// mailbox/store/uid_validity.h: UIDVALIDITY that no mailbox of this folder had before.
#pragma once

#include <cstdint>
#include <string>

namespace postern::mailbox {

/// The first UIDVALIDITY of a new mailbox: past the clock, past all that were reserved here, past
/// `used`. Kept in the file `uidvalidity` beside the databases, so that a mailbox that is removed
/// and made again within a second starts anew. Blocking; throws IoError.
std::uint32_t reserve_uid_validity(const std::string& database_path, std::uint32_t used);

}  // namespace postern::mailbox
