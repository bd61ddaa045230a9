// queue/spool/identity.cc: user.postern.spool, or a file in the spool.
#include "queue/spool/identity.h"

#include <fcntl.h>
#include <sys/xattr.h>

#include <cerrno>

#include "core/descriptor.h"

namespace postern::queue {

namespace {

constexpr const char* attribute = "user.postern.spool";

std::filesystem::path file_in(const std::filesystem::path& spool) { return spool / ".identity"; }

std::string first_line(std::string text) { return text.substr(0, text.find('\n')); }

}  // namespace

std::string spool_identity(const std::filesystem::path& spool) {
  char value[65];
  const ssize_t length = ::getxattr(spool.c_str(), attribute, value, sizeof value);
  if (length > 0) return {value, static_cast<std::size_t>(length)};
  return first_line(read_small(file_in(spool)));
}

std::string mark_spool(const std::filesystem::path& spool, const std::string& proposed) {
  std::error_code ignored;  // what follows says it better
  std::filesystem::create_directories(spool, ignored);
  if (const std::string present = spool_identity(spool); !present.empty()) return present;
  // Two workers, or two nodes, may come at once: the first one counts.
  if (::setxattr(spool.c_str(), attribute, proposed.data(), proposed.size(), XATTR_CREATE) == 0 ||
      errno == EEXIST) {
    sync_folder(spool);
    return spool_identity(spool);
  }
  const Descriptor file = open_file(file_in(spool), O_WRONLY | O_CREAT | O_EXCL);
  write_whole(file.get(), proposed + "\n", file_in(spool));
  sync_folder(spool);
  return proposed;
}

}  // namespace postern::queue
