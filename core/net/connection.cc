// core/net/connection.cc: the life of a libuv handle, from its making to the callback that closes
// it.
#include "core/net/connection.h"

#include <sys/socket.h>

#include "core/assert.h"
#include "core/error.h"

namespace postern::net::detail {

namespace {

void on_closed(uv_handle_t* handle) {
  auto* const connection = static_cast<Connection*>(handle->data);
  connection->closed = true;
  if (connection->orphaned) delete connection;
}

}  // namespace

Connection::Connection(Loop& home, bool is_unix) : loop(home) {
  const int result = is_unix ? uv_pipe_init(home.uv(), &pipe, 0) : uv_tcp_init(home.uv(), &tcp);
  if (result < 0) throw IoError(uv_strerror(result));
  handle.data = this;
  write_request.data = this;
}

void Connection::close(const char* why) {
  if (!open) return;
  open = false;
  reading = false;
  read_error = write_error = why;
  uv_close(&handle, on_closed);
  // libuv never calls a pending read back: its waiter is woken here.
  if (reader != nullptr) reader->arrived();
  if (writer != nullptr) writer->progressed();
}

void Connection::orphan() {
  POSTERN_ASSERT(reader == nullptr && writer == nullptr);
  close("closed");
  orphaned = true;
  if (closed) delete this;
}

void Connection::interrupt() {
  if (reader != nullptr) reader->interrupt();
}

void Connection::add_filter(std::unique_ptr<Filter> filter) {
  POSTERN_ASSERT(out.empty() && reader == nullptr && writer == nullptr);
  const std::string unread = input.take_all();
  decoded(filters.add(std::move(filter), unread, input.place(true)));
}

void Connection::learn_local() {
  uv_os_fd_t descriptor = -1;
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (uv_fileno(&handle, &descriptor) == 0 &&
      getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &length) == 0)
    local = Address::from_sockaddr(reinterpret_cast<sockaddr*>(&storage), length);
}

}  // namespace postern::net::detail
