// core/net/stream.h: a connection (TCP or unix socket, TLS or not) as coroutines see it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/async/loop.h"
#include "core/async/task.h"
#include "core/net/address.h"
#include "core/net/detached_stream.h"
#include "core/net/filter.h"
#include "core/net/stream_waits.h"
#include "core/net/tls.h"

namespace postern::net {

/// One reader and one writer at a time. The end of input, a reset and close() are ConnectionClosed,
/// a time-out is Timeout; both are IoError. A read that is cancelled loses nothing: read again.
/// What has been written leaves by itself before a read suspends, so that replies to pipelined
/// commands share a packet. What is read stays valid until the next read. Must not be destroyed
/// while someone waits on it.
class Stream {
 public:
  using Line = InputBuffer::Line;
  class [[nodiscard]] LineWait final : public detail::ReadWait {
   public:
    using ReadWait::ReadWait;
    Line await_resume() {
      conclude();
      return got_;
    }
  };
  class [[nodiscard]] SomeWait final : public detail::ReadWait {
   public:
    using ReadWait::ReadWait;
    std::string_view await_resume() {
      conclude();
      return got_.text;
    }
  };
  class [[nodiscard]] ReadableWait final : public detail::ReadWait {
   public:
    using ReadWait::ReadWait;
  };

  Stream() = default;  ///< no connection
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&& other) noexcept;
  ~Stream();

  /// On the current loop. `source`: the local address to send from. IoError when it fails.
  static Task<Stream> connect(Address to, std::chrono::milliseconds timeout,
                              std::optional<Address> source = {});
  /// On `loop`, which must be the current one.
  static Stream attach(Loop& loop, DetachedStream stream);
  /// With its filters. Everything must have been flushed, and nobody may wait.
  DetachedStream detach();

  /// The next line. Only CRLF ends one (RFC 5321 §2.3.8); a bare CR or LF is part of the text.
  /// `limit` counts the CRLF (RFC 5321 §4.5.3.1); a longer line is dropped up to its CRLF and comes
  /// as `too_long`.
  LineWait read_line(std::size_t limit, std::chrono::milliseconds timeout);
  /// 1 to `limit` octets, consumed.
  SomeWait read_some(std::size_t limit, std::chrono::milliseconds timeout);
  /// Input that is not consumed, as far as this reader has seen the arrival of it.
  std::string_view buffered() const;
  void consume(std::size_t octets);
  /// Waits until buffered() holds something that no earlier wait_readable has shown.
  ReadableWait wait_readable(std::chrono::milliseconds timeout);

  /// Copies. Suspends only while more than 64 KiB are unsent, and then at most for the write
  /// timeout.
  detail::DrainWait write(std::string_view bytes);
  /// The same without a copy, when nothing else is unsent.
  detail::DrainWait write(std::string&& bytes);
  detail::DrainWait write(const char* text) { return write(std::string_view(text)); }
  /// Waits until the kernel has everything.
  detail::DrainWait flush(std::chrono::milliseconds timeout);
  void set_write_timeout(std::chrono::milliseconds timeout);
  std::size_t unsent() const;

  /// What is written from now on passes through `filter`, and so does all input that is not
  /// consumed yet. Flush first; nobody may wait. The filters so far must be ready.
  void add_filter(std::unique_ptr<Filter> filter);
  /// Write the go-ahead, then call this at once. Plaintext that is buffered is dropped (RFC 3207
  /// §4.2).
  Task<> start_tls_server(std::shared_ptr<const TlsContext> context,
                          std::chrono::milliseconds timeout);
  /// With `tlsa` the certificate must match one of the records (RFC 7672), whatever the context
  /// says.
  Task<> start_tls_client(std::shared_ptr<const TlsContext> context, std::string server_name,
                          std::chrono::milliseconds timeout, std::vector<Tlsa> tlsa = {});
  bool is_encrypted() const;
  TlsInfo tls() const;  ///< empty when not encrypted

  const Address& peer() const;
  const Address& local() const;
  void set_peer(Address peer);  ///< what a trusted proxy told
  bool is_open() const;
  /// Open, and nothing has come from the peer that nobody has read: no farewell, no end of input.
  /// Asks the kernel.
  bool is_quiet() const;
  /// Who is at the other end of a unix socket (SO_PEERCRED); none of other streams.
  std::optional<unsigned> peer_user() const;

  /// Who waits for input leaves with Interrupted, and may still write; when nobody does, nothing
  /// happens.
  void interrupt();
  /// At once; what is unsent is lost. Who waits gets ConnectionClosed.
  void close();
  /// Sends what is unsent, close_notify and FIN, waits a moment for the peer to close (a close with
  /// unread input would reset the connection, and with it our last reply), then closes. Never
  /// throws IoError.
  Task<> shutdown(std::chrono::milliseconds timeout);

 private:
  explicit Stream(detail::Connection* connection) : connection_(connection) {}
  Task<> shake_hands(std::unique_ptr<Filter> filter, std::chrono::milliseconds timeout);
  detail::Connection& connection() const;
  detail::Connection* connection_ = nullptr;
};

}  // namespace postern::net
