// core/net/stream.cc: reading, writing and closing, as its owner asks for it.
#include "core/net/stream.h"

#include <sys/socket.h>

#include "core/net/connection.h"

namespace postern::net {

namespace {
constexpr std::size_t high_water = 64 * 1024;
constexpr std::size_t low_water = 16 * 1024;
constexpr std::chrono::milliseconds linger{2000};
}  // namespace

Stream::Stream(Stream&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}

Stream& Stream::operator=(Stream&& other) noexcept {
  Stream moved(std::move(other));
  std::swap(connection_, moved.connection_);
  return *this;
}

Stream::~Stream() {
  if (connection_ != nullptr) connection_->orphan();
}

detail::Connection& Stream::connection() const {
  POSTERN_ASSERT(connection_ != nullptr);
  return *connection_;
}

Stream::LineWait Stream::read_line(std::size_t limit, std::chrono::milliseconds timeout) {
  return {connection(), detail::ReadWait::For::line, limit, timeout};
}

Stream::SomeWait Stream::read_some(std::size_t limit, std::chrono::milliseconds timeout) {
  POSTERN_ASSERT(limit > 0);
  return {connection(), detail::ReadWait::For::some, limit, timeout};
}

Stream::ReadableWait Stream::wait_readable(std::chrono::milliseconds timeout) {
  return {connection(), detail::ReadWait::For::readable, 0, timeout};
}

std::string_view Stream::buffered() const { return connection().input.unread(); }

void Stream::consume(std::size_t octets) { connection().input.consume(octets); }

detail::DrainWait Stream::write(std::string_view bytes) {
  detail::Connection& c = connection();
  if (c.write_error.empty()) c.out.append(bytes);
  return {c, high_water, low_water, c.write_timeout};
}

detail::DrainWait Stream::write(std::string&& bytes) {
  detail::Connection& c = connection();
  if (!c.out.empty()) return write(std::string_view(bytes));
  if (c.write_error.empty()) c.out = std::move(bytes);
  return {c, high_water, low_water, c.write_timeout};
}

detail::DrainWait Stream::flush(std::chrono::milliseconds timeout) {
  return {connection(), 0, 0, timeout};
}

void Stream::set_write_timeout(std::chrono::milliseconds timeout) {
  connection().write_timeout = timeout;
}

std::size_t Stream::unsent() const { return connection().unsent(); }

void Stream::add_filter(std::unique_ptr<Filter> filter) {
  connection().add_filter(std::move(filter));
}

bool Stream::is_encrypted() const { return connection().filters.is_encrypting(); }

const Address& Stream::peer() const { return connection().peer; }

const Address& Stream::local() const { return connection().local; }

void Stream::set_peer(Address peer) { connection().peer = std::move(peer); }

bool Stream::is_open() const { return connection_ != nullptr && connection_->open; }

bool Stream::is_quiet() const {
  if (!is_open() || !connection_->read_error.empty()) return false;
  if (!connection_->input.is_empty() || connection_->filters.has_more()) return false;
  uv_os_fd_t descriptor = -1;
  char octet = 0;
  if (uv_fileno(&connection_->handle, &descriptor) != 0) return false;
  return ::recv(descriptor, &octet, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK);
}

std::optional<unsigned> Stream::peer_user() const {
  uv_os_fd_t descriptor = -1;
  ucred credentials{};
  socklen_t length = sizeof credentials;
  if (!is_open() || !connection_->peer.is_unix()) return {};
  if (uv_fileno(&connection_->handle, &descriptor) != 0) return {};
  if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return {};
  return credentials.uid;
}

void Stream::interrupt() { connection().interrupt(); }

void Stream::close() {
  if (connection_ != nullptr) connection_->close("closed");
}

Task<> Stream::shutdown(std::chrono::milliseconds timeout) {
  if (!is_open()) co_return;
  detail::Connection& c = connection();
  // There is nobody yet who could read it.
  if (!c.filters.is_ready()) co_return close();
  try {
    c.finishing = true;
    co_await flush(timeout);
    uv_os_fd_t descriptor = -1;
    uv_fileno(&c.handle, &descriptor);
    ::shutdown(descriptor, SHUT_WR);
    co_await ReadableWait(c, detail::ReadWait::For::end, 0, std::min(timeout, linger));
  } catch (const IoError&) {
  } catch (...) {
    close();
    throw;
  }
  close();
}

}  // namespace postern::net
