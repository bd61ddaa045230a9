// core/system_user.h: the users of this machine, and how root becomes one of them for good.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

namespace postern {

struct SystemUser {
  std::string name;
  uid_t id = 0;
  gid_t group = 0;
  bool is_root() const { return id == 0; }
};

/// Of the system's user database; none when there is no such user.
std::optional<SystemUser> find_user(const std::string& name);
/// Who owns the file or folder; none when it is not there. The name may be a number, when nobody
/// has one for it.
std::optional<SystemUser> owner_of(const std::filesystem::path& file);

/// Whether the user may list, read and write the folder, and pass all that lie above it. Only root
/// can ask.
bool can_use_folder(const SystemUser& user, const std::filesystem::path& folder);

/// What a process that was root may still do.
enum class Kept {
  nothing,
  low_ports,  ///< bind ports below 1024, as CAP_NET_BIND_SERVICE allows: for a reload
};

/// From now on this process is `user` with its groups, and never root again: nothing that it starts
/// is, either. Before any thread starts. Does nothing unless we are root, or when `user` is root.
/// Throws IoError.
void become(const SystemUser& user, Kept kept);

}  // namespace postern
