// relay/config/instance_user.h: the user that a gateway works as when root starts it.
#pragma once

#include <optional>

#include "core/system_user.h"

namespace postern::relay {

struct Config;

/// `user` of the configuration; else `postern` where there is one; else the owner of data_dir, if
/// that is there. None: whoever starts it.
std::optional<SystemUser> instance_user(const Config& config);

/// As root: makes data_dir, if it is missing, for that user, and becomes that user for good.
/// Anyone else stays who he is. IoError says what root has to change first.
void become_instance_user(const Config& config, Kept kept);

/// The same for a command that works without the gateway. Stays root where that user cannot get to
/// data_dir, as no gateway of his could; what root makes there is the folder's owner's.
void work_as_instance_user(const Config& config);

}  // namespace postern::relay
