// queue/node/append_tail.cc: looks back from the end for the last octet that is none.
#include "queue/node/append_tail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "core/descriptor.h"
#include "queue/node/append_room.h"

namespace postern::queue {

namespace {

constexpr std::uint64_t look_back = 1 << 20;

/// How far the file goes without the NULs at its end.
std::uint64_t end_of_octets(int file, std::uint64_t size, const std::filesystem::path& path) {
  std::string block;
  while (size > 0) {
    const std::uint64_t length = std::min(look_back, size);
    block.resize(length);
    if (::pread(file, block.data(), length, static_cast<off_t>(size - length)) !=
        static_cast<ssize_t>(length)) {
      throw_errno("cannot read", path);
    }
    const std::size_t last = block.find_last_not_of('\0');
    if (last != block.npos) return size - length + last + 1;
    size -= length;
  }
  return 0;
}

}  // namespace

std::optional<CutTail> cut_empty_tail(const std::filesystem::path& redis_folder) {
  const std::filesystem::path path = latest_append_file(redis_folder);
  if (path.empty()) return std::nullopt;
  const Descriptor file = open_file(path, O_RDWR);
  struct stat found{};
  if (::fstat(file.get(), &found) != 0) throw_errno("cannot look at", path);
  const auto size = static_cast<std::uint64_t>(found.st_size);
  const std::uint64_t kept = end_of_octets(file.get(), size, path);
  if (kept == size) return std::nullopt;
  if (::ftruncate(file.get(), static_cast<off_t>(kept)) != 0 || ::fsync(file.get()) != 0) {
    throw_errno("cannot cut", path);
  }
  return CutTail{path, kept, size - kept};
}

}  // namespace postern::queue
