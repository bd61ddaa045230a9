// tests/bench/load/channel.h: a non-blocking connection, in the clear or under TLS.
#pragma once

#include <openssl/ssl.h>

#include <string>
#include <string_view>

namespace postern::bench {

/// Owns its descriptor. Trouble of the connection ends it: `is_open` says so.
class Channel {
 public:
  explicit Channel(int descriptor);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  int descriptor() const { return descriptor_; }
  bool is_open() const { return open_; }
  /// TLS as a client begins with the next write or read. The certificate is not verified.
  void start_tls(SSL_CTX* context);

  void write(std::string_view bytes);
  /// Sends what the kernel takes; call on every event too.
  void flush();
  /// What has arrived, read to the end; valid until the next call.
  std::string_view read();

 private:
  long send_some();
  void read_plain();
  void read_tls();

  int descriptor_;
  bool open_ = true;
  SSL* ssl_ = nullptr;
  std::string out_;
  std::size_t sent_ = 0;
  std::string in_;
};

/// One end of a conversation that epoll reports on.
class Party {
 public:
  explicit Party(int descriptor) : channel_(descriptor) {}
  virtual ~Party() = default;
  /// Something has arrived, or there is room to send.
  virtual void progress() = 0;
  const Channel& channel() const { return channel_; }

 protected:
  Channel channel_;
};

}  // namespace postern::bench
