// relay/config/instance_user.cc: from the configuration, the system's users and the data folder.
#include "relay/config/instance_user.h"

#include <unistd.h>

#include "core/error.h"
#include "core/file_owner.h"
#include "relay/config/config.h"

namespace postern::relay {

namespace {

/// Nobody gets a folder that is another's and in use, or that he cannot get to.
void require_use(const std::filesystem::path& data_dir, const SystemUser& user) {
  const auto owner = owner_of(data_dir);
  if (owner && owner->id == user.id) {
    if (can_use_folder(user, data_dir)) return;
    throw IoError(data_dir.string() + " is closed to the user " + user.name +
                  ": it, and each folder above it, must let that user through");
  }
  throw IoError(data_dir.string() + " belongs to " + (owner ? owner->name : "nobody") +
                ", and the gateway works as " + user.name + ": chown -R " + user.name + " " +
                data_dir.string() + ", or name the user in `user`");
}

}  // namespace

std::optional<SystemUser> instance_user(const Config& config) {
  if (!config.user.empty()) return find_user(config.user);
  if (auto usual = find_user("postern")) return usual;
  return owner_of(config.data_dir);
}

void become_instance_user(const Config& config, Kept kept) {
  const auto user = instance_user(config);
  if (::geteuid() != 0 || !user || user->is_root()) return;
  if (!std::filesystem::exists(config.data_dir)) {
    make_folder_if_missing(config.data_dir, 0700);
    give_to(*user, config.data_dir);
  }
  require_use(config.data_dir, *user);
  become(*user, kept);
}

void work_as_instance_user(const Config& config) {
  const auto user = instance_user(config);
  if (::geteuid() != 0 || !user || user->is_root()) return;
  std::error_code ignored;
  if (std::filesystem::exists(config.data_dir, ignored) && !can_use_folder(*user, config.data_dir))
    return;
  become_instance_user(config, Kept::nothing);
}

}  // namespace postern::relay
