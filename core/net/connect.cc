// core/net/connect.cc: a stream to somebody else.
#include "core/async/timer.h"
#include "core/net/connection.h"
#include "core/net/stream.h"

namespace postern::net {

namespace {

class ConnectWait final : public Wait, private TimerHook {
 public:
  ConnectWait(detail::Connection& connection, std::chrono::milliseconds timeout)
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

  detail::Connection& connection_;
  std::chrono::milliseconds timeout_;
  uv_connect_t* request_;
  int status_ = 0;
  bool called_ = false, timed_out_ = false;
};

}  // namespace

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
  co_await ConnectWait(connection, timeout);
  if (!connection.peer.is_unix()) uv_tcp_nodelay(&connection.tcp, 1);
  connection.learn_local();
  co_return stream;
}

}  // namespace postern::net
