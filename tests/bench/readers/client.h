// client.h: a blocking connection, in the clear or over TLS, that reads lines.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

namespace bench {

/// What ends a measurement: a server that hangs up or says no.
struct Trouble {
  std::string text;
};

class Client {
 public:
  /// `tls`: none for a connection in the clear. Nobody verifies: that work would be the client's.
  /// `earlier`: a TLS session to resume, when the server agrees.
  Client(int port, SSL_CTX* tls, SSL_SESSION* earlier = nullptr);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void write(std::string_view bytes);
  /// Without its line end; good until the next call.
  std::string_view line();
  /// Reads up to the line that begins with `tag`, which must go on with "OK"; gives the octets
  /// read.
  std::size_t until(std::string_view tag);
  /// An IMAP command of one line, to its end.
  std::size_t command(std::string_view text);
  /// A line that begins with `start`, else Trouble.
  void expect(std::string_view start);
  int descriptor() const { return descriptor_; }
  /// The TLS session as the server has given it by now, to be freed by the caller.
  SSL_SESSION* session() const { return SSL_get1_session(ssl_); }
  bool has_resumed() const { return SSL_session_reused(ssl_) == 1; }

 private:
  void fill();
  int descriptor_ = -1;
  SSL* ssl_ = nullptr;
  std::string buffer_;
  std::size_t begin_ = 0;
  int tags_ = 0;
};

/// Logs in to IMAP; reads the greeting.
void log_in(Client& client, std::string_view user, std::string_view password);

}  // namespace bench
