// core/net/connection_output.cc: from the writer through the filters to the kernel.
#include "core/net/connection.h"

namespace postern::net::detail {

namespace {

void on_written(uv_write_t* request, int status) {
  static_cast<Connection*>(request->data)->written(status);
}

}  // namespace

void Connection::pump() {
  while (open && !writing && write_error.empty()) {
    if (wire.empty() && !fill_wire()) break;
    send_wire();
  }
  if (!writing) release_buffers();
}

/// False when there is nothing to send.
bool Connection::fill_wire() {
  if (filters.is_empty()) {
    wire.swap(out);
    return !wire.empty();
  }
  if (out.empty() && filters.pending() == 0 && !finishing) return false;
  const Passed passed =
      std::exchange(finishing, false) ? filters.finish(out, wire) : filters.encode(out, wire);
  if (!passed) fail_write(passed.error());
  return !wire.empty();
}

void Connection::send_wire() {
  uv_buf_t buffer = uv_buf_init(wire.data() + sent, static_cast<unsigned>(wire.size() - sent));
  const int count = uv_try_write(&stream, &buffer, 1);
  if (count < 0 && count != UV_EAGAIN) return fail_write(uv_strerror(count));
  sent += static_cast<std::size_t>(std::max(count, 0));
  if (sent == wire.size()) {
    wire.clear();
    sent = 0;
    return;
  }
  buffer = uv_buf_init(wire.data() + sent, static_cast<unsigned>(wire.size() - sent));
  const int result = uv_write(&write_request, &stream, &buffer, 1, on_written);
  if (result < 0) return fail_write(uv_strerror(result));
  writing = true;
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

void Connection::fail_write(std::string why) {
  if (write_error.empty()) write_error = std::move(why);
  std::string().swap(out);
  if (!writing) {
    std::string().swap(wire);
    sent = 0;
  }
  if (writer != nullptr) writer->progressed();
}

/// Each of them that is empty.
void Connection::release_buffers() {
  if (wire.empty()) std::string().swap(wire);
  if (out.empty()) std::string().swap(out);
  filters.release_buffers();
}

}  // namespace postern::net::detail
