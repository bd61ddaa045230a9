// tests/unit/core/net/stream_pair.h: both ends of a connection on one loop, without a port.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include "core/assert.h"
#include "core/async/loop.h"
#include "core/net/stream.h"

namespace postern::net {

/// `server` believes to speak with `peer`; `client` is whom it speaks with.
class StreamPair {
 public:
  explicit StreamPair(Loop& loop, const char* peer = "192.0.2.1:1000") {
    int ends[2];
    POSTERN_ASSERT(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    client_end_ = ::dup(ends[1]);
    server = Stream::attach(loop, DetachedStream(ends[0], *Address::parse(peer)));
    client = Stream::attach(loop, DetachedStream(ends[1], *Address::parse(peer)));
  }
  ~StreamPair() { ::close(client_end_); }
  StreamPair(const StreamPair&) = delete;

  /// The server reads to an end; it may still answer.
  void half_close() { ::shutdown(client_end_, SHUT_WR); }

  Stream server, client;

 private:
  int client_end_;
};

}  // namespace postern::net
