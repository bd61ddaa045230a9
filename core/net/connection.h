// core/net/connection.h: what stands behind a Stream. It lives until libuv has closed its handle.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>

#include "core/assert.h"
#include "core/net/stream.h"

namespace postern::net::detail {

struct Connection {
  Connection(Loop& home, bool is_unix);
  ~Connection();
  Connection(const Connection&) = delete;

  void close(const char* why);
  void orphan();  ///< its Stream is gone
  void interrupt();
  void start_reading();
  void stop_reading();
  void arrived(std::string_view bytes);
  void merge_late();
  void fail_read(std::string why);
  void fail_write(std::string why);
  void decrypt(std::string_view bytes, std::string& into);
  void encrypt();
  void pump();  ///< gives the kernel what it takes, and libuv the rest
  void written(int status);
  std::size_t unsent() const { return out.size() + tls_out.size() + wire.size() - sent; }
  void release_buffers();
  void learn_local();

  Loop& loop;
  union {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  };
  bool open = true, closed = false, orphaned = false, reading = false;
  Address peer, local;

  std::string input;  ///< plaintext; `begin` octets of it are consumed
  std::size_t begin = 0, scanned = 0, seen = 0;
  bool dropping = false;  ///< inside a line that is too long
  std::string late;       ///< what arrived while nobody waited: views into `input` must stay valid
  std::string read_error, write_error;
  std::size_t discarded = 0;

  std::string out;      ///< plaintext to send
  std::string tls_out;  ///< what the BIO took
  std::string wire;     ///< on its way; `sent` octets of it have left
  std::size_t sent = 0;
  bool writing = false;  ///< libuv holds `wire`
  uv_write_t write_request{};
  std::chrono::milliseconds write_timeout = std::chrono::minutes(5);

  bool handshaking = false;
  bool verified_by_name = false;  ///< the verification included a name or TLSA records
  SSL* ssl = nullptr;
  std::shared_ptr<const TlsContext> context;
  std::string raw;          ///< ciphertext during the handshake
  std::string_view cipher;  ///< what the BIO reads from

  ReadWait* reader = nullptr;
  DrainWait* writer = nullptr;
};

/// A BIO that reads from `cipher` and writes to `tls_out`; needs no buffer of its own.
BIO* make_bio(Connection& connection);
/// The latest error of OpenSSL in words; clears the queue.
std::string tls_error_text(const char* otherwise);

}  // namespace postern::net::detail
