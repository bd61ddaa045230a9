// core/net/connection.h: what stands behind a Stream. It lives until libuv has closed its handle.
#pragma once

#include <uv.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "core/async/loop.h"
#include "core/net/address.h"
#include "core/net/filter_chain.h"
#include "core/net/input_buffer.h"
#include "core/net/stream_waits.h"

namespace postern::net::detail {

/// Octets between a libuv handle and the two ends of a filter chain: the reader's buffer and the
/// writer's.
struct Connection {
  Connection(Loop& home, bool is_unix);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void close(const char* why);
  void orphan();  ///< its Stream is gone
  void interrupt();
  void learn_local();
  void add_filter(std::unique_ptr<Filter> filter);

  // connection_input.cc
  void start_reading();
  void stop_reading();
  void arrived(std::string_view bytes);
  bool decode_more();  ///< of what a filter still holds; false when it holds nothing
  void decoded(const Passed& passed);
  void fail_read(std::string why);

  // connection_output.cc
  void pump();  ///< gives the kernel what it takes, and libuv the rest
  bool fill_wire();
  void send_wire();
  void written(int status);
  void fail_write(std::string why);
  void release_buffers();
  std::size_t unsent() const { return out.size() + filters.pending() + wire.size() - sent; }

  Loop& loop;
  union {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  };
  bool open = true, closed = false, orphaned = false, reading = false;
  Address peer, local;

  FilterChain filters;
  InputBuffer input;
  std::string read_error, write_error;  ///< why, when that direction is over
  std::size_t discarded = 0;

  std::string out;   ///< plaintext to send
  std::string wire;  ///< on its way, filtered; `sent` octets of it have left
  std::size_t sent = 0;
  bool finishing = false;  ///< once `out` has left, the filters end this direction
  bool writing = false;    ///< libuv holds `wire`
  uv_write_t write_request{};
  std::chrono::milliseconds write_timeout = std::chrono::minutes(5);

  ReadWait* reader = nullptr;
  DrainWait* writer = nullptr;
};

}  // namespace postern::net::detail
