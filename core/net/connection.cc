// core/net/connection.cc: bytes between libuv, OpenSSL and the buffers of a stream.
#include "core/net/connection.h"

#include <unistd.h>

#include "core/assert.h"

namespace postern::net::detail {

namespace {

constexpr std::size_t discard_bound = 1 << 20;

Connection& of(uv_handle_t* handle) { return *static_cast<Connection*>(handle->data); }

void give_scratch(uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
  const std::span<char> scratch = of(handle).loop.scratch();
  *buffer = uv_buf_init(scratch.data(), static_cast<unsigned>(scratch.size()));
}

void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  Connection& connection = of(reinterpret_cast<uv_handle_t*>(stream));
  if (count > 0) {
    connection.arrived({buffer->base, static_cast<std::size_t>(count)});
  } else if (count < 0) {
    connection.stop_reading();
    connection.fail_read(count == UV_EOF ? "the peer has closed the connection"
                                         : uv_strerror(static_cast<int>(count)));
  }
}

void on_written(uv_write_t* request, int status) {
  static_cast<Connection*>(request->data)->written(status);
}

void on_closed(uv_handle_t* handle) {
  Connection& connection = of(handle);
  connection.closed = true;
  if (connection.orphaned) delete &connection;
}

Connection& of(BIO* bio) { return *static_cast<Connection*>(BIO_get_data(bio)); }

const BIO_METHOD* bio_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "postern stream");
    BIO_meth_set_write(made, [](BIO* bio, const char* bytes, int length) {
      of(bio).tls_out.append(bytes, static_cast<std::size_t>(length));
      return length;
    });
    BIO_meth_set_read(made, [](BIO* bio, char* bytes, int length) {
      BIO_clear_retry_flags(bio);
      std::string_view& cipher = of(bio).cipher;
      if (cipher.empty()) {
        BIO_set_retry_read(bio);
        return -1;
      }
      const std::size_t count = cipher.copy(bytes, static_cast<std::size_t>(length));
      cipher.remove_prefix(count);
      return static_cast<int>(count);
    });
    BIO_meth_set_ctrl(made, [](BIO*, int command, long, void*) -> long {
      return command == BIO_CTRL_FLUSH ? 1 : 0;
    });
    return made;
  }();
  return method;
}

}  // namespace

BIO* make_bio(Connection& connection) {
  BIO* bio = BIO_new(bio_method());
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, &connection);
  BIO_set_init(bio, 1);
  return bio;
}

Connection::Connection(Loop& home, bool is_unix) : loop(home) {
  const int result = is_unix ? uv_pipe_init(home.uv(), &pipe, 0) : uv_tcp_init(home.uv(), &tcp);
  if (result < 0) throw IoError(uv_strerror(result));
  handle.data = this;
  write_request.data = this;
}

Connection::~Connection() { SSL_free(ssl); }

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

void Connection::start_reading() {
  if (reading || !open || !read_error.empty()) return;
  reading = true;
  if (const int result = uv_read_start(&stream, give_scratch, on_read); result < 0) {
    reading = false;
    fail_read(uv_strerror(result));
  }
}

void Connection::stop_reading() {
  if (!reading) return;
  reading = false;
  uv_read_stop(&stream);
}

void Connection::arrived(std::string_view bytes) {
  // One read may come late, for starting and stopping at each line would cost two system calls. No
  // second one.
  if (reader == nullptr) stop_reading();
  if (reader != nullptr && reader->what_ == ReadWait::For::end) {
    discarded += bytes.size();
    if (discarded > discard_bound) {
      stop_reading();
      fail_read("too much after the end");
    }
    return;
  }
  std::string& into = reader != nullptr ? input : late;
  if (handshaking)
    raw.append(bytes);
  else if (ssl != nullptr)
    decrypt(bytes, into);
  else
    into.append(bytes);
  if (reader != nullptr) reader->arrived();
}

void Connection::merge_late() {
  if (late.empty()) return;
  input.erase(0, begin);
  scanned -= std::min(scanned, begin);
  seen -= std::min(seen, begin);
  begin = 0;
  if (input.empty())
    input.swap(late);
  else
    input.append(late);
  std::string().swap(late);
}

void Connection::fail_read(std::string why) {
  if (read_error.empty()) read_error = std::move(why);
  if (reader != nullptr) reader->arrived();
}

void Connection::fail_write(std::string why) {
  if (write_error.empty()) write_error = std::move(why);
  std::string().swap(out);
  std::string().swap(tls_out);
  if (!writing) {
    std::string().swap(wire);
    sent = 0;
  }
  if (writer != nullptr) writer->progressed();
}

void Connection::decrypt(std::string_view bytes, std::string& into) {
  std::array<char, 16 * 1024> plain;
  cipher = bytes;
  for (;;) {
    ERR_clear_error();
    const int count = SSL_read(ssl, plain.data(), static_cast<int>(plain.size()));
    if (count > 0) {
      into.append(plain.data(), static_cast<std::size_t>(count));
      continue;
    }
    const int error = SSL_get_error(ssl, count);
    cipher = {};
    if (error == SSL_ERROR_WANT_READ) break;
    stop_reading();
    if (read_error.empty())
      read_error = error == SSL_ERROR_ZERO_RETURN ? "the peer has closed the connection"
                                                  : tls_error_text("TLS failed");
    break;
  }
  if (!tls_out.empty()) pump();  // key updates and alerts
}

void Connection::encrypt() {
  if (handshaking || out.empty()) return;
  ERR_clear_error();
  if (SSL_write(ssl, out.data(), static_cast<int>(out.size())) <= 0) {
    fail_write(tls_error_text("TLS failed"));
    return;
  }
  std::string().swap(out);
}

void Connection::pump() {
  while (open && !writing && write_error.empty()) {
    if (wire.empty()) {
      if (ssl != nullptr) {
        encrypt();
        wire.swap(tls_out);
      } else {
        wire.swap(out);
      }
      if (wire.empty()) break;
    }
    uv_buf_t buffer = uv_buf_init(wire.data() + sent, static_cast<unsigned>(wire.size() - sent));
    const int count = uv_try_write(&stream, &buffer, 1);
    if (count < 0 && count != UV_EAGAIN) return fail_write(uv_strerror(count));
    sent += static_cast<std::size_t>(std::max(count, 0));
    if (sent == wire.size()) {
      wire.clear();
      sent = 0;
      continue;
    }
    buffer = uv_buf_init(wire.data() + sent, static_cast<unsigned>(wire.size() - sent));
    const int result = uv_write(&write_request, &stream, &buffer, 1, on_written);
    if (result < 0) return fail_write(uv_strerror(result));
    writing = true;
  }
  if (!writing) release_buffers();
}

void Connection::written(int status) {
  writing = false;
  wire.clear();
  sent = 0;
  if (!open) return;
  if (status < 0) return fail_write(uv_strerror(status));
  pump();
  if (writer != nullptr) writer->progressed();
}

void Connection::release_buffers() {
  if (wire.empty()) std::string().swap(wire);
  if (out.empty()) std::string().swap(out);
  if (tls_out.empty()) std::string().swap(tls_out);
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
