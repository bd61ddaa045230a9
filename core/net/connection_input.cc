// core/net/connection_input.cc: from libuv through the filters to the reader's buffer.
#include "core/net/connection.h"

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

}  // namespace

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
  if (reader != nullptr && reader->waits_for_end()) {
    discarded += bytes.size();
    if (discarded > discard_bound) {
      stop_reading();
      fail_read("too much after the end");
    }
    return;
  }
  std::string& into = input.place(reader != nullptr);
  if (filters.is_empty())
    into.append(bytes);
  else
    decoded(filters.decode(bytes, into));
  if (reader != nullptr) reader->arrived();
}

bool Connection::decode_more() {
  if (!filters.has_more()) return false;
  decoded(filters.decode({}, input.place(true)));
  return true;
}

/// The filters may have ended, and may have something to answer, such as alerts and key updates.
void Connection::decoded(const Passed& passed) {
  if (!passed) {
    stop_reading();
    if (read_error.empty()) read_error = passed.error();
  }
  if (filters.pending() > 0) pump();
}

void Connection::fail_read(std::string why) {
  if (read_error.empty()) read_error = std::move(why);
  if (reader != nullptr) reader->arrived();
}

}  // namespace postern::net::detail
