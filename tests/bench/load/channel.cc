// tests/bench/load/channel.cc: reads until the kernel has no more, as edge-triggered epoll asks.
#include "channel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace postern::bench {

namespace {
std::array<char, 256 * 1024> buffer;  // one thread reads
}

Channel::Channel(int descriptor) : descriptor_(descriptor) {}

Channel::~Channel() {
  SSL_free(ssl_);
  ::close(descriptor_);
}

void Channel::start_tls(SSL_CTX* context) {
  ssl_ = SSL_new(context);
  SSL_set_fd(ssl_, descriptor_);
  SSL_set_connect_state(ssl_);
}

void Channel::write(std::string_view bytes) {
  out_ += bytes;
  flush();
}

long Channel::send_some() {
  const std::string_view rest = std::string_view(out_).substr(sent_);
  if (ssl_ == nullptr) return ::send(descriptor_, rest.data(), rest.size(), MSG_NOSIGNAL);
  const int count = SSL_write(ssl_, rest.data(), static_cast<int>(rest.size()));
  if (count > 0) return count;
  const int error = SSL_get_error(ssl_, count);
  errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
  return -1;
}

void Channel::flush() {
  while (open_ && sent_ < out_.size()) {
    const long count = send_some();
    if (count < 0) {
      if (errno != EAGAIN && errno != EWOULDBLOCK) open_ = false;
      return;
    }
    sent_ += static_cast<std::size_t>(count);
  }
  out_.clear();
  sent_ = 0;
}

std::string_view Channel::read() {
  in_.clear();
  if (ssl_ == nullptr)
    read_plain();
  else
    read_tls();
  return in_;
}

// To the end, also after a short read: the peer's farewell may lie behind it, and no further edge
// would tell of that.
void Channel::read_plain() {
  for (;;) {
    const long count = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (count > 0) {
      in_.append(buffer.data(), static_cast<std::size_t>(count));
      continue;
    }
    if (count == 0 || errno != EAGAIN) open_ = false;
    return;
  }
}

void Channel::read_tls() {
  for (;;) {
    const int count = SSL_read(ssl_, buffer.data(), static_cast<int>(buffer.size()));
    if (count > 0) {
      in_.append(buffer.data(), static_cast<std::size_t>(count));
      continue;
    }
    const int error = SSL_get_error(ssl_, count);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) open_ = false;
    return;
  }
}

}  // namespace postern::bench
