// client.cc: sockets and OpenSSL, one thread to a connection.
#include "client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace bench {

Client::Client(int port, SSL_CTX* tls, SSL_SESSION* earlier) {
  descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    ::close(descriptor_);
    throw Trouble{"cannot connect"};
  }
  if (tls == nullptr) return;
  ssl_ = SSL_new(tls);
  SSL_set_fd(ssl_, descriptor_);
  if (earlier != nullptr) SSL_set_session(ssl_, earlier);
  if (SSL_connect(ssl_) != 1) throw Trouble{"no TLS"};
}

Client::~Client() {
  // Else OpenSSL holds the session for broken, and never resumes it.
  if (ssl_ != nullptr) SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(ssl_);
  ::close(descriptor_);
}

void Client::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ssl_ != nullptr
                           ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                           : ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) throw Trouble{"the server takes no more"};
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void Client::fill() {
  thread_local std::array<char, 128 * 1024> room;
  buffer_.erase(0, begin_);
  begin_ = 0;
  const auto count = ssl_ != nullptr ? SSL_read(ssl_, room.data(), room.size())
                                     : ::recv(descriptor_, room.data(), room.size(), 0);
  if (count <= 0) throw Trouble{"the server has hung up"};
  buffer_.append(room.data(), static_cast<std::size_t>(count));
}

std::string_view Client::line() {
  std::size_t from = begin_;
  for (;;) {
    const std::size_t end = buffer_.find('\n', from);
    if (end != std::string::npos) {
      const std::string_view text(buffer_.data() + begin_, end - begin_);
      begin_ = end + 1;
      return text.substr(0, text.size() - (text.ends_with('\r') ? 1 : 0));
    }
    from = buffer_.size() - begin_;
    fill();
  }
}

std::size_t Client::until(std::string_view tag) {
  const std::string start = "\n" + std::string(tag) + " ";
  std::size_t octets = 0;
  std::string tail = "\n";  // of what was read before: an answer may begin in it
  for (;;) {
    tail.append(buffer_, begin_);
    octets += buffer_.size() - begin_;
    begin_ = buffer_.size();
    const std::size_t found = tail.rfind(start);
    if (found != std::string::npos && tail.ends_with("\r\n")) {
      if (tail.compare(found + start.size(), 2, "OK") != 0) throw Trouble{tail.substr(found + 1)};
      return octets;
    }
    if (tail.size() > 4096) tail.erase(0, tail.size() - 4096);
    fill();
  }
}

std::size_t Client::command(std::string_view text) {
  const std::string tag = "b" + std::to_string(++tags_);
  write(tag + " " + std::string(text) + "\r\n");
  return until(tag);
}

void Client::expect(std::string_view start) {
  const std::string_view said = line();
  if (!said.starts_with(start))
    throw Trouble{"not " + std::string(start) + ": " + std::string(said)};
}

void log_in(Client& client, std::string_view user, std::string_view password) {
  client.expect("* OK");
  client.command("LOGIN " + std::string(user) + " \"" + std::string(password) + "\"");
}

}  // namespace bench
