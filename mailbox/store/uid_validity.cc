// mailbox/store/uid_validity.cc: a number in a locked file.
#include "mailbox/store/uid_validity.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "core/error.h"

namespace postern::mailbox {

namespace {
constexpr std::uint32_t room = 16;  // for the folders that come with an account
}

std::uint32_t reserve_uid_validity(const std::string& database_path, std::uint32_t used) {
  const std::string path =
      (std::filesystem::path(database_path).parent_path() / "uidvalidity").string();
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) throw IoError("cannot open " + path);
  char text[16] = {};
  bool ok = ::flock(file, LOCK_EX) == 0 && ::pread(file, text, sizeof text - 1, 0) >= 0;
  const auto reserved = static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
  const std::uint32_t next =
      std::max({static_cast<std::uint32_t>(std::time(nullptr)), reserved + 1, used + 1});
  const std::string written = std::to_string(next + room) + "\n";
  ok = ok &&
       ::pwrite(file, written.data(), written.size(), 0) == static_cast<ssize_t>(written.size());
  ok = ok && ::fsync(file) == 0;
  ::close(file);
  if (!ok) throw IoError("cannot write " + path);
  return next;
}

}  // namespace postern::mailbox
