// tests/unit/delivery/crowded_server.h: a host that bears so many connections at once, and says 421
// to others.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/unit/delivery/scripted_server.h"

namespace postern::test {

class CrowdedServer {
 public:
  explicit CrowdedServer(int most) : most_(most) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof place;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&place), length);
    ::listen(listener_, 64);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&place), &length);
    address_ = net::Address::from_sockaddr(reinterpret_cast<sockaddr*>(&place));
    thread_ = std::thread([this] { serve(); });
  }
  ~CrowdedServer() { finish(); }

  const net::Address& address() const { return address_; }
  /// Waits for the end of all conversations; takes no others.
  void finish() {
    if (!thread_.joinable()) return;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    for (std::thread& one : conversations_) one.join();
    ::close(listener_);
  }
  std::atomic<int> taken = 0, refused = 0;

 private:
  void serve() {
    for (int socket; (socket = ::accept(listener_, nullptr, nullptr)) >= 0;) {
      if (open_ < most_) {
        ++open_;
        conversations_.emplace_back([this, socket] { converse(socket); });
        continue;
      }
      ++refused;
      say(socket, "421 4.3.2 Too many connections");
      ::close(socket);
    }
  }
  void converse(int socket) {
    const timeval limit{5, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    say(socket, "220 mx");
    bool is_data = false;
    for (std::string input, line; read_line(socket, input, line);) {
      if (is_data && line != ".") continue;
      if (std::exchange(is_data, false)) ++taken;
      is_data = line.starts_with("DATA");
      say(socket, is_data ? "354 go" : "250 ok");
    }
    --open_;  // before the close, which the client may see at once
    ::close(socket);
  }
  static void say(int socket, const std::string& text) {
    const std::string line = text + "\r\n";
    ::send(socket, line.data(), line.size(), MSG_NOSIGNAL);
  }
  static bool read_line(int socket, std::string& input, std::string& line) {
    std::size_t end;
    while ((end = input.find("\r\n")) == std::string::npos) {
      char piece[4096];
      const ssize_t got = ::recv(socket, piece, sizeof piece, 0);
      if (got <= 0) return false;
      input.append(piece, static_cast<std::size_t>(got));
    }
    line = input.substr(0, end);
    input.erase(0, end + 2);
    return !line.starts_with("QUIT");
  }

  const int most_;
  std::atomic<int> open_ = 0;
  int listener_ = -1;
  net::Address address_;
  std::vector<std::thread> conversations_;
  std::thread thread_;
};

}  // namespace postern::test
