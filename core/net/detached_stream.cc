// core/net/detached_stream.cc: a connection changes its loop: a descriptor leaves one and enters
// the other.
#include "core/net/detached_stream.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/net/connection.h"
#include "core/net/stream.h"

namespace postern::net {

DetachedStream::DetachedStream(int descriptor, Address peer)
    : descriptor_(descriptor), peer_(std::move(peer)) {}

DetachedStream::DetachedStream(DetachedStream&& other) noexcept { *this = std::move(other); }

DetachedStream& DetachedStream::operator=(DetachedStream&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(peer_, other.peer_);
  std::swap(local_, other.local_);
  std::swap(filters_, other.filters_);
  std::swap(input_, other.input_);
  std::swap(read_error_, other.read_error_);
  return *this;
}

DetachedStream::~DetachedStream() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Stream Stream::attach(Loop& loop, DetachedStream detached) {
  Stream stream(new detail::Connection(loop, detached.peer_.is_unix()));
  detail::Connection& c = stream.connection();
  const int result = detached.peer_.is_unix() ? uv_pipe_open(&c.pipe, detached.descriptor_)
                                              : uv_tcp_open(&c.tcp, detached.descriptor_);
  if (result < 0) throw IoError(uv_strerror(result));
  detached.descriptor_ = -1;
  if (!detached.peer_.is_unix()) uv_tcp_nodelay(&c.tcp, 1);
  c.peer = std::move(detached.peer_);
  c.local = std::move(detached.local_);
  if (c.local == Address()) c.learn_local();
  c.input = std::move(detached.input_);
  c.read_error = std::move(detached.read_error_);
  c.filters = std::move(detached.filters_);
  return stream;
}

DetachedStream Stream::detach() {
  detail::Connection& c = connection();
  if (!c.open) throw ConnectionClosed(c.read_error);
  POSTERN_ASSERT(c.reader == nullptr && c.writer == nullptr && c.filters.is_ready());
  c.pump();
  if (c.unsent() > 0 || !c.write_error.empty())
    throw ConnectionClosed("output was left when a connection moved");
  uv_os_fd_t descriptor = -1;
  uv_fileno(&c.handle, &descriptor);
  DetachedStream detached(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0), c.peer);
  if (detached.descriptor_ < 0) throw IoError("no descriptor is left");
  c.input.start_over();
  detached.local_ = c.local;
  detached.input_ = std::move(c.input);
  detached.read_error_ = c.read_error;
  detached.filters_ = std::move(c.filters);
  std::exchange(connection_, nullptr)->orphan();
  return detached;
}

}  // namespace postern::net
