// core/net/stream.cc: waiting for input and output, connecting, handing over, closing.
#include "core/net/stream.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/async/timer.h"
#include "core/net/connection.h"

namespace postern::net {

namespace {
constexpr std::size_t high_water = 64 * 1024;
constexpr std::size_t low_water = 16 * 1024;
constexpr std::chrono::milliseconds linger{2000};
}  // namespace

namespace detail {

bool ReadWait::await_ready() {
  connection_.merge_late();
  return take();
}

/// True when there is something to report: what was asked for, or an error.
bool ReadWait::take() {
  Connection& c = connection_;
  switch (what_) {
    case For::line:
      c.seen = c.begin;
      if (take_line()) return true;
      break;
    case For::some:
      c.seen = c.begin;
      if (c.begin < c.input.size()) {
        text_ = std::string_view(c.input).substr(c.begin, limit_);
        c.begin += text_.size();
        c.seen = c.scanned = c.begin;
        return true;
      }
      break;
    case For::readable:
      if (std::max(c.seen, c.begin) < c.input.size()) {
        c.seen = c.input.size();
        return true;
      }
      break;
    case For::raw:
      if (!c.raw.empty()) return true;
      break;
    case For::end:
      break;
  }
  failed_ = !c.read_error.empty();
  return failed_;
}

bool ReadWait::take_line() {
  Connection& c = connection_;
  std::size_t from = std::max(c.scanned, c.begin);
  for (;;) {
    const std::size_t at = c.input.find('\n', from);
    if (at == std::string::npos) break;
    if (at == c.begin || c.input[at - 1] != '\r') {
      from = at + 1;
      continue;
    }
    too_long_ = std::exchange(c.dropping, false) || at + 1 - c.begin > limit_;
    if (!too_long_) text_ = std::string_view(c.input).substr(c.begin, at - 1 - c.begin);
    c.begin = c.scanned = c.seen = at + 1;
    return true;
  }
  c.scanned = c.input.size();
  if (c.input.size() - c.begin > limit_ || c.dropping) {
    // Drop what cannot become a line any more, but for a CR whose LF is yet to come.
    c.dropping = true;
    const bool keeps_cr = c.input.size() > c.begin && c.input.back() == '\r';
    c.input = keeps_cr ? "\r" : "";
    c.begin = c.seen = 0;
    c.scanned = c.input.size();
  }
  return false;
}

void ReadWait::begin() {
  Connection& c = connection_;
  POSTERN_ASSERT(c.reader == nullptr);
  c.pump();
  c.input.erase(0, c.begin);
  c.scanned -= std::min(c.scanned, c.begin);
  c.seen -= std::min(c.seen, c.begin);
  c.begin = 0;
  if (c.input.empty()) std::string().swap(c.input);  // an idle connection owns no buffer
  c.reader = this;
  start(timeout_);
  c.start_reading();
}

void ReadWait::arrived() {
  if (!take()) return;
  end();
  wake();
}

void ReadWait::end() noexcept {
  stop();
  connection_.reader = nullptr;
}

void ReadWait::time_is_up() {
  timed_out_ = true;
  end();
  wake();
}

void ReadWait::conclude() {
  finish();
  if (timed_out_) throw Timeout("no input from " + connection_.peer.text() + " in time");
  if (failed_) throw ConnectionClosed(connection_.read_error);
}

bool DrainWait::await_ready() {
  Connection& c = connection_;
  if (c.unsent() > high_ || high_ == 0) c.pump();
  return !c.write_error.empty() || c.unsent() <= high_;
}

void DrainWait::begin() {
  POSTERN_ASSERT(connection_.writer == nullptr);
  connection_.writer = this;
  start(timeout_);
}

void DrainWait::progressed() {
  if (connection_.write_error.empty() && connection_.unsent() > target_) return;
  end();
  wake();
}

void DrainWait::end() noexcept {
  stop();
  connection_.writer = nullptr;
}

void DrainWait::time_is_up() {
  timed_out_ = true;
  end();
  wake();
}

void DrainWait::await_resume() {
  finish();
  if (timed_out_) throw Timeout(connection_.peer.text() + " takes no output");
  if (!connection_.write_error.empty()) throw ConnectionClosed(connection_.write_error);
}

namespace {

class ConnectWait final : public Wait, private TimerHook {
 public:
  ConnectWait(Connection& connection, std::chrono::milliseconds timeout)
      : connection_(connection), timeout_(timeout) {
    request_ = new uv_connect_t{};  // outlives a wait that is broken off
    request_->data = this;
  }
  ~ConnectWait() {
    if (called_)
      delete request_;
    else if (request_ != nullptr)
      request_->data = nullptr;
  }
  bool await_ready() {
    sockaddr_storage to{};
    connection_.peer.to_sockaddr(to);
    if (connection_.peer.is_unix())
      uv_pipe_connect(request_, &connection_.pipe, connection_.peer.path().c_str(), on_connected);
    else
      status_ = uv_tcp_connect(request_, &connection_.tcp, reinterpret_cast<sockaddr*>(&to),
                               on_connected);
    if (status_ == 0) return false;
    delete std::exchange(request_, nullptr);
    return true;
  }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    if (!suspend(handle)) return false;
    start(timeout_);
    return true;
  }
  void await_resume() {
    finish();
    if (timed_out_) throw Timeout("cannot connect to " + connection_.peer.text() + " in time");
    if (status_ < 0)
      throw ConnectionClosed("cannot connect to " + connection_.peer.text() + ": " +
                             uv_strerror(status_));
  }

 private:
  static void on_connected(uv_connect_t* request, int status) {
    auto* const self = static_cast<ConnectWait*>(request->data);
    if (self == nullptr) {
      delete request;
      return;
    }
    self->called_ = true;
    self->status_ = status;
    self->stop();
    self->wake();
  }
  void time_is_up() override {
    timed_out_ = true;
    wake();
  }
  void withdraw() noexcept override { stop(); }

  Connection& connection_;
  std::chrono::milliseconds timeout_;
  uv_connect_t* request_;
  int status_ = 0;
  bool called_ = false, timed_out_ = false;
};

}  // namespace
}  // namespace detail

DetachedStream::DetachedStream(int descriptor, Address peer)
    : descriptor_(descriptor), peer_(std::move(peer)) {}

DetachedStream::DetachedStream(DetachedStream&& other) noexcept { *this = std::move(other); }

DetachedStream& DetachedStream::operator=(DetachedStream&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(peer_, other.peer_);
  std::swap(local_, other.local_);
  std::swap(ssl_, other.ssl_);
  std::swap(context_, other.context_);
  std::swap(input_, other.input_);
  std::swap(read_error_, other.read_error_);
  std::swap(dropping_, other.dropping_);
  std::swap(verified_by_name_, other.verified_by_name_);
  return *this;
}

DetachedStream::~DetachedStream() {
  SSL_free(ssl_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

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

Task<Stream> Stream::connect(Address to, std::chrono::milliseconds timeout,
                             std::optional<Address> source) {
  if (to.is_unix() && to.path().size() >= sizeof(sockaddr_un::sun_path))
    throw IoError("the path of a unix socket is too long: " + to.path());
  Stream stream(new detail::Connection(Loop::current(), to.is_unix()));
  detail::Connection& connection = stream.connection();
  connection.peer = std::move(to);
  if (source && !source->is_unix()) {
    sockaddr_storage from{};
    source->to_sockaddr(from);
    if (const int result = uv_tcp_bind(&connection.tcp, reinterpret_cast<sockaddr*>(&from), 0);
        result < 0)
      throw IoError("cannot send from " + source->ip() + ": " + uv_strerror(result));
  }
  co_await detail::ConnectWait(connection, timeout);
  if (!connection.peer.is_unix()) uv_tcp_nodelay(&connection.tcp, 1);
  connection.learn_local();
  co_return stream;
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
  c.dropping = detached.dropping_;
  c.verified_by_name = detached.verified_by_name_;
  c.context = std::move(detached.context_);
  c.ssl = std::exchange(detached.ssl_, nullptr);
  if (c.ssl != nullptr) BIO_set_data(SSL_get_rbio(c.ssl), &c);
  return stream;
}

DetachedStream Stream::detach() {
  detail::Connection& c = connection();
  if (!c.open) throw ConnectionClosed(c.read_error);
  POSTERN_ASSERT(c.reader == nullptr && c.writer == nullptr && !c.handshaking);
  c.pump();
  if (c.unsent() > 0 || !c.write_error.empty())
    throw ConnectionClosed("output was left when a connection moved");
  uv_os_fd_t descriptor = -1;
  uv_fileno(&c.handle, &descriptor);
  DetachedStream detached(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0), c.peer);
  if (detached.descriptor_ < 0) throw IoError("no descriptor is left");
  c.merge_late();
  detached.local_ = c.local;
  detached.input_ = c.input.substr(c.begin);
  detached.read_error_ = c.read_error;
  detached.dropping_ = c.dropping;
  detached.verified_by_name_ = c.verified_by_name;
  detached.ssl_ = std::exchange(c.ssl, nullptr);
  detached.context_ = std::move(c.context);
  std::exchange(connection_, nullptr)->orphan();
  return detached;
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

std::string_view Stream::buffered() const {
  return std::string_view(connection().input).substr(connection().begin);
}

void Stream::consume(std::size_t octets) {
  detail::Connection& c = connection();
  POSTERN_ASSERT(octets <= c.input.size() - c.begin);
  c.begin += octets;
}

detail::DrainWait Stream::write(std::string_view bytes) {
  detail::Connection& c = connection();
  if (c.write_error.empty()) c.out.append(bytes);
  return {c, high_water, low_water, c.write_timeout};
}

detail::DrainWait Stream::flush(std::chrono::milliseconds timeout) {
  return {connection(), 0, 0, timeout};
}

void Stream::set_write_timeout(std::chrono::milliseconds timeout) {
  connection().write_timeout = timeout;
}

std::size_t Stream::unsent() const { return connection().unsent(); }

bool Stream::is_encrypted() const {
  return connection().ssl != nullptr && !connection().handshaking;
}

const Address& Stream::peer() const { return connection().peer; }

const Address& Stream::local() const { return connection().local; }

void Stream::set_peer(Address peer) { connection().peer = std::move(peer); }

bool Stream::is_open() const { return connection_ != nullptr && connection_->open; }

std::optional<unsigned> Stream::peer_user() const {
  uv_os_fd_t descriptor = -1;
  ucred credentials{};
  socklen_t length = sizeof credentials;
  if (!is_open() || !connection_->peer.is_unix()) return {};
  if (uv_fileno(&connection_->handle, &descriptor) != 0) return {};
  if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return {};
  return credentials.uid;
}

void Stream::close() {
  if (connection_ != nullptr) connection_->close("closed");
}

Task<> Stream::shutdown(std::chrono::milliseconds timeout) {
  if (!is_open()) co_return;
  detail::Connection& c = connection();
  try {
    if (is_encrypted() && c.write_error.empty()) {
      c.encrypt();
      ERR_clear_error();
      SSL_shutdown(c.ssl);
    }
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
