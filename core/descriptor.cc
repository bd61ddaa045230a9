// core/descriptor.cc: POSIX calls that throw.
#include "core/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace postern {

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

void throw_errno(std::string_view what, const std::filesystem::path& path) {
  const int error = errno;
  throw IoError(std::string(what) + " " + path.string() + ": " + std::strerror(error));
}

Descriptor open_file(const std::filesystem::path& path, int flags, unsigned mode) {
  Descriptor descriptor(::open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!descriptor) throw_errno("cannot open", path);
  return descriptor;
}

void write_whole(int descriptor, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno("cannot write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void sync_folder(const std::filesystem::path& folder) {
  const Descriptor descriptor = open_file(folder, O_RDONLY | O_DIRECTORY);
  if (::fsync(descriptor.get()) != 0) throw_errno("cannot sync", folder);
}

void write_durably(const std::filesystem::path& path, std::string_view bytes) {
  const std::filesystem::path fresh = path.string() + ".new";
  {
    const Descriptor descriptor = open_file(fresh, O_WRONLY | O_CREAT | O_TRUNC);
    write_whole(descriptor.get(), bytes, fresh);
    if (::fsync(descriptor.get()) != 0) throw_errno("cannot sync", fresh);
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) throw_errno("cannot rename to", path);
  sync_folder(path.parent_path());
}

std::string read_small(const std::filesystem::path& path) {
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor) {
    if (errno == ENOENT) return {};
    throw_errno("cannot open", path);
  }
  char buffer[4096];
  const ssize_t length = ::read(descriptor.get(), buffer, sizeof buffer);
  if (length < 0) throw_errno("cannot read", path);
  return std::string(buffer, static_cast<std::size_t>(length));
}

}  // namespace postern
