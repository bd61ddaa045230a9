// core/net/listener.cc: accept() by hand, for libuv's own drops connections when descriptors run
// out.
#include "core/net/listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

namespace postern::net {

namespace {
constexpr std::chrono::milliseconds pause{100};
constexpr int accepted_per_turn = 64;
constexpr int backlog = 4096;

[[noreturn]] void fail(const Address& address, int descriptor) {
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  throw IoError("cannot listen on " + address.text() + ": " + std::strerror(error));
}

/// A socket that nobody answers on is left over from a crash.
void remove_stale(const Address& address, const sockaddr_storage& storage, socklen_t length) {
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return;
  if (::connect(probe, reinterpret_cast<const sockaddr*>(&storage), length) < 0 &&
      errno == ECONNREFUSED)
    ::unlink(address.path().c_str());
  ::close(probe);
}

int open_socket(const Address& address) {
  if (address.is_unix() && address.path().size() >= sizeof(sockaddr_un::sun_path))
    throw IoError("the path of a unix socket is too long: " + address.path());
  sockaddr_storage storage{};
  const socklen_t length = address.to_sockaddr(storage);
  const int descriptor = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) fail(address, descriptor);
  const int on = 1;
  if (address.is_unix()) {
    remove_stale(address, storage, length);
  } else {
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  }
  if (::bind(descriptor, reinterpret_cast<sockaddr*>(&storage), length) < 0)
    fail(address, descriptor);
  if (::listen(descriptor, backlog) < 0) fail(address, descriptor);
  return descriptor;
}
}  // namespace

/// Lives until libuv has closed the poll handle.
struct Listener::Socket final : private TimerHook {
  Socket(Loop& home, const Address& address, std::function<Task<>(Stream)> make_session,
         TaskGroup& group)
      : loop(home),
        session(std::move(make_session)),
        sessions(group),
        bound(address),
        descriptor(open_socket(address)) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    if (!address.is_unix() &&
        getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &length) == 0)
      bound = Address::from_sockaddr(reinterpret_cast<sockaddr*>(&storage), length);
    if (uv_poll_init(home.uv(), &poll, descriptor) < 0) fail(address, descriptor);
    poll.data = this;
    listen();
  }

  void listen() {
    uv_poll_start(&poll, UV_READABLE, [](uv_poll_t* handle, int, int) {
      static_cast<Socket*>(handle->data)->accept_some();
    });
  }

  void accept_some() {
    for (int i = 0; i < accepted_per_turn; ++i) {
      sockaddr_storage storage{};
      socklen_t length = sizeof storage;
      const int accepted = ::accept4(descriptor, reinterpret_cast<sockaddr*>(&storage), &length,
                                     SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (accepted >= 0) {
        serve(DetachedStream(
            accepted, bound.is_unix()
                          ? bound
                          : Address::from_sockaddr(reinterpret_cast<sockaddr*>(&storage), length)));
        continue;
      }
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      if (errno == ECONNABORTED || errno == EINTR)
        continue;  // that one is gone, the next may not be
      // Out of descriptors or memory: the socket stays readable, and polling it would spin.
      uv_poll_stop(&poll);
      start(pause);
      return;
    }
  }

  void serve(DetachedStream accepted) {
    try {
      sessions.spawn(session(Stream::attach(loop, std::move(accepted))));
    } catch (const IoError&) {
      // This connection is lost; the next may do better.
    }
  }

  void time_is_up() override { listen(); }

  void close() {
    stop();
    uv_close(reinterpret_cast<uv_handle_t*>(&poll),
             [](uv_handle_t* handle) { delete static_cast<Socket*>(handle->data); });
    // The poll handle no longer watches the descriptor once uv_close has returned.
    ::close(descriptor);
    if (bound.is_unix()) ::unlink(bound.path().c_str());
  }

  Loop& loop;
  std::function<Task<>(Stream)> session;
  TaskGroup& sessions;
  Address bound;
  int descriptor;
  uv_poll_t poll{};
};

Listener::Listener(Loop& loop, const Address& address, std::function<Task<>(Stream)> session,
                   TaskGroup& sessions)
    : socket_(new Socket(loop, address, std::move(session), sessions)) {}

Listener::Listener(Listener&& other) noexcept : socket_(std::exchange(other.socket_, nullptr)) {}

Listener::~Listener() { stop(); }

void Listener::stop() {
  if (socket_ != nullptr) std::exchange(socket_, nullptr)->close();
}

Address Listener::bound() const {
  POSTERN_ASSERT(socket_ != nullptr);
  return socket_->bound;
}

}  // namespace postern::net
