// relay/cli/trusted_peers.cc: users by configuration, by file, and by process.
#include "relay/cli/trusted_peers.h"

#include <unistd.h>

#include "core/number.h"
#include "core/system_user.h"
#include "relay/config/config.h"
#include "relay/config/instance_user.h"

namespace postern::relay {

TrustedPeers::TrustedPeers() : users_{0, ::geteuid()} {}

TrustedPeers TrustedPeers::of(const Config& config) {
  TrustedPeers peers;
  if (const auto user = instance_user(config)) peers.users_.insert(user->id);
  peers.add_owner(config.data_dir);
  return peers;
}

void TrustedPeers::add_owner(const std::filesystem::path& file) {
  if (const auto owner = owner_of(file)) users_.insert(owner->id);
}

std::optional<uid_t> real_user(std::string_view status) {
  // The kernel escapes line ends in the name that stands above it.
  constexpr std::string_view label = "\nUid:\t";
  const std::size_t at = status.find(label);
  if (at == std::string_view::npos) return std::nullopt;
  status.remove_prefix(at + label.size());
  return parse_number<uid_t>(status.substr(0, status.find('\t')));
}

}  // namespace postern::relay
