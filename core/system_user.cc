// core/system_user.cc: getpwnam(3), setresuid(2), capabilities(7).
#include "core/system_user.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "core/error.h"

namespace postern {

namespace {

constexpr std::size_t entry_size = 16 * 1024;  // texts of one entry of the user database

SystemUser user_of(const passwd& entry) { return {entry.pw_name, entry.pw_uid, entry.pw_gid}; }

[[noreturn]] void refuse(const std::string& what) {
  throw IoError(what + ": " + std::strerror(errno));
}

/// Exactly what is kept, or nothing at all: setresuid() has cleared what we may do, but not what we
/// may take up again.
void set_capabilities(Kept kept) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (kept == Kept::low_ports) data[0].effective = data[0].permitted = 1U << CAP_NET_BIND_SERVICE;
  if (::syscall(SYS_capset, &header, data.data()) != 0) refuse("cannot give up root's rights");
}

}  // namespace

std::optional<SystemUser> find_user(const std::string& name) {
  std::vector<char> texts(entry_size);
  passwd entry{};
  passwd* found = nullptr;
  ::getpwnam_r(name.c_str(), &entry, texts.data(), texts.size(), &found);
  if (found == nullptr) return std::nullopt;
  return user_of(*found);
}

std::optional<SystemUser> owner_of(const std::filesystem::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return std::nullopt;
  std::vector<char> texts(entry_size);
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(status.st_uid, &entry, texts.data(), texts.size(), &found);
  if (found != nullptr) return user_of(*found);
  return SystemUser{std::to_string(status.st_uid), status.st_uid, status.st_gid};
}

bool can_use_folder(const SystemUser& user, const std::filesystem::path& folder) {
  // Asked as that user, for a moment: access rights are more than what a look at modes tells.
  if (::setegid(user.group) != 0 || ::seteuid(user.id) != 0) refuse("cannot ask as " + user.name);
  const bool can = ::faccessat(AT_FDCWD, folder.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) == 0;
  if (::seteuid(0) != 0 || ::setegid(0) != 0) refuse("cannot be root again");
  return can;
}

void become(const SystemUser& user, Kept kept) {
  if (::geteuid() != 0 || user.is_root()) return;
  if (kept == Kept::low_ports && ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
    refuse("cannot keep the right to low ports");
  if (::initgroups(user.name.c_str(), user.group) != 0 ||
      ::setresgid(user.group, user.group, user.group) != 0 ||
      ::setresuid(user.id, user.id, user.id) != 0) {
    refuse("cannot become the user " + user.name);
  }
  set_capabilities(kept);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0,
          0);  // what we keep in memory is not for those who share our name
}

}  // namespace postern
