// core/file_owner.h: what root makes in another's folder is that other's.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "core/system_user.h"

namespace postern {

/// For a file or folder that was just made: as root, gives it the owner and group of the folder it
/// lies in, so that a gateway under its own user can use what an administrator made. Anyone else
/// owns what he makes: nothing happens. IoError when it fails.
void give_to_owner_of_folder(int descriptor, const std::filesystem::path& file);

/// As root: the file or folder, no link, is this user's from now on. IoError when it fails.
void give_to(const SystemUser& user, const std::filesystem::path& file);

/// Makes the file, empty and for its owner alone (0600), unless it is there; with the owner as
/// above. A file that is there stays as it is, for it may be a link to anywhere.
void make_file_if_missing(const std::filesystem::path& file);

/// Makes the folder and those above it, unless they are there; with the owner as above.
void make_folder_if_missing(const std::filesystem::path& folder, mode_t mode);

}  // namespace postern
