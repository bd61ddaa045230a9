// core/net/listener.h: accepts connections and spawns a session for each.
#pragma once

#include <functional>
#include <memory>

#include "core/async/task_group.h"
#include "core/net/stream.h"

namespace postern::net {

/// Listens on one address, on one loop; several loops may share a port (SO_REUSEPORT). Out of
/// descriptors it pauses and leaves new connections to the backlog. Sessions belong to the group,
/// and outlive the listener.
class Listener {
 public:
  /// IoError when the address cannot be had. A stale unix socket is replaced.
  Listener(Loop& loop, const Address& address, std::function<Task<>(Stream)> session,
           TaskGroup& sessions);
  ~Listener();
  Listener(Listener&&) noexcept;
  Listener& operator=(Listener&&) = delete;

  void stop();            ///< accepts nothing more
  Address bound() const;  ///< with the port that was given for 0

 private:
  struct Socket;
  Socket* socket_;
};

}  // namespace postern::net
