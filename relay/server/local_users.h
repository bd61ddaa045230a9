// relay/server/local_users.h: connections of the users of this host, counted as those of addresses
// are at the other doors.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>

namespace postern::relay {

/// Of one loop. Outlives the places that it gives.
class LocalUsers {
 public:
  /// A place for as long as it is kept. None: `user` (SO_PEERCRED) has `most` of them. Who is not
  /// known is one user.
  std::shared_ptr<void> admit(std::optional<unsigned> user, std::size_t most) {
    std::size_t& count = connections_[user];
    if (count >= most) return nullptr;
    ++count;
    return {this, [user](LocalUsers* all) {
              if (--all->connections_[user] == 0) all->connections_.erase(user);
            }};
  }

 private:
  std::map<std::optional<unsigned>, std::size_t> connections_;
};

}  // namespace postern::relay
