// core/file_owner.cc: fchown() by the folder.
#include "core/file_owner.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/descriptor.h"

namespace postern {

namespace {

std::filesystem::path folder_of(const std::filesystem::path& file) {
  const auto whole = std::filesystem::absolute(file).lexically_normal();
  return whole.has_filename() ? whole.parent_path() : whole.parent_path().parent_path();
}

}  // namespace

void give_to_owner_of_folder(int descriptor, const std::filesystem::path& file) {
  if (::geteuid() != 0) return;
  struct stat folder{};
  if (::stat(folder_of(file).c_str(), &folder) != 0) throw_errno("cannot see the folder of", file);
  if (::fchown(descriptor, folder.st_uid, folder.st_gid) != 0)
    throw_errno("cannot change the owner of", file);
}

void give_to(const SystemUser& user, const std::filesystem::path& file) {
  if (::lchown(file.c_str(), user.id, user.group) != 0)
    throw_errno("cannot change the owner of", file);
}

void make_file_if_missing(const std::filesystem::path& file) {
  // O_EXCL follows no link: only what we made ourselves changes its owner.
  const Descriptor made(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!made && errno == EEXIST) return;
  if (!made) throw_errno("cannot make", file);
  give_to_owner_of_folder(made.get(), file);
}

void make_folder_if_missing(const std::filesystem::path& folder, mode_t mode) {
  if (std::filesystem::is_directory(folder)) return;
  const auto above = folder_of(folder);
  if (above != folder && !std::filesystem::exists(above)) make_folder_if_missing(above, mode);
  if (::mkdir(folder.c_str(), mode) != 0) throw_errno("cannot make", folder);
  const Descriptor made = open_file(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  give_to_owner_of_folder(made.get(), folder);
}

}  // namespace postern
