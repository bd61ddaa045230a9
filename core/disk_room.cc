// core/disk_room.cc: asks the file system what is left to those who are not root.
#include "core/disk_room.h"

#include <sys/statvfs.h>

namespace postern {

bool DiskRoom::has_room_for(std::uint64_t octets) const {
  struct statvfs disk{};
  if (::statvfs(folder_.c_str(), &disk) != 0) return true;
  const std::uint64_t left = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  return left >= octets && left - octets >= reserve_.load(std::memory_order_relaxed);
}

}  // namespace postern
