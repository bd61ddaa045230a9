// relay/cli/trusted_peers.h: whose sockets and locks the command line believes to be a gateway's.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string_view>

namespace postern::relay {

struct Config;

/// Root, ourselves, and whoever else is named: a password that an operator types goes to nobody
/// else, whatever his process looks like.
class TrustedPeers {
 public:
  TrustedPeers();
  /// And the user that the gateway of `config` works as, and the owner of its data_dir.
  static TrustedPeers of(const Config& config);
  /// And the owner of a file or folder that only root can have put in its place.
  void add_owner(const std::filesystem::path& file);

  bool includes(uid_t user) const { return users_.contains(user); }

 private:
  std::set<uid_t> users_;
};

/// The real user of a process, from the text of its /proc/PID/status. The owner of /proc/PID itself
/// will not do: of a process that is not dumpable, that is root. Pure.
std::optional<uid_t> real_user(std::string_view status);

}  // namespace postern::relay
