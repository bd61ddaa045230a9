// queue/node/append_room.cc: fallocate(2) with FALLOC_FL_KEEP_SIZE.
#include "queue/node/append_room.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <string>

#include "core/number.h"

namespace postern::queue {

namespace {

constexpr std::uint64_t least_free_steps = 64;

/// The number in "appendonly.aof.NUMBER.incr.aof"; 0 for other names.
std::uint64_t number_of(std::string_view name) {
  constexpr std::string_view head = "appendonly.aof.", tail = ".incr.aof";
  if (!name.starts_with(head) || !name.ends_with(tail)) return 0;
  name.remove_prefix(head.size());
  name.remove_suffix(std::min(tail.size(), name.size()));
  return parse_number<std::uint64_t>(name).value_or(0);
}

std::uint64_t size_of(const Descriptor& file) {
  struct stat found{};
  return ::fstat(file.get(), &found) == 0 ? static_cast<std::uint64_t>(found.st_size) : 0;
}

}  // namespace

std::filesystem::path AppendRoom::latest_file() const {
  std::filesystem::path latest;
  std::uint64_t highest = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "appendonlydir", error)) {
    const std::uint64_t number = number_of(entry.path().filename().string());
    if (number <= highest) continue;
    highest = number;
    latest = entry.path();
  }
  return latest;
}

bool AppendRoom::has_disk_to_spare() const {
  struct statvfs disk{};
  if (::statvfs(folder_.c_str(), &disk) != 0) return false;
  return static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize > least_free_steps * step;
}

void AppendRoom::keep() {
  const std::filesystem::path latest = latest_file();
  if (latest != path_) {
    file_ = Descriptor(latest.empty() ? -1 : ::open(latest.c_str(), O_WRONLY | O_CLOEXEC));
    path_ = latest;
    end_ = 0;
  }
  if (!file_) return;
  const std::uint64_t size = size_of(file_);
  if (end_ > size + step / 2 || !has_disk_to_spare()) return;
  end_ = size + step;  // also when it fails: the next try comes after as many octets
  ::fallocate(file_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(size), step);
}

void AppendRoom::release() {
  if (!file_ || end_ == 0) return;
  // To truncate a file to the size it has frees what is allocated behind it.
  if (::ftruncate(file_.get(), static_cast<off_t>(size_of(file_))) == 0) end_ = 0;
}

}  // namespace postern::queue
