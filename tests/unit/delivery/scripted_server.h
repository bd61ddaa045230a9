// tests/unit/delivery/scripted_server.h: a remote server that follows a script, in a thread of its
// own.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/net/address.h"

namespace postern::test {

/// A script is a list of steps for each connection: ">text" sends a line, "<VERB" reads a line that
/// must begin so,
/// "<." reads up to the final dot, "wait" waits for the client to close, "close" closes, ">>text"
/// sends without CRLF, "alone" finds no other connection waiting.
using Script = std::vector<std::string>;

class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<Script> scripts) : scripts_(std::move(scripts)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof place;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&place), length);
    ::listen(listener_, 16);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&place), &length);
    address_ = net::Address::from_sockaddr(reinterpret_cast<sockaddr*>(&place));
    thread_ = std::thread([this] { serve(); });
  }
  ~ScriptedServer() { finish(); }

  const net::Address& address() const { return address_; }
  /// Waits for the scripts' end; then what went wrong and what was heard may be read.
  void finish() {
    if (!thread_.joinable()) return;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::vector<std::string> heard, wrong;
  std::size_t connections = 0;

 private:
  void serve() {
    for (const Script& script : scripts_) {
      const int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) return;
      const timeval limit{5, 0};
      ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
      ++connections;
      input_.clear();
      for (const std::string& step : script)
        if (!play(socket, step)) break;
      ::close(socket);
    }
  }
  bool play(int socket, const std::string& step) {
    if (step == "close") return false;
    if (step == "wait") {
      std::string line;
      while (read_line(socket, line)) heard.push_back(line);
      return false;
    }
    if (step == "alone") {
      pollfd others{listener_, POLLIN, 0};
      if (::poll(&others, 1, 0) != 0) wrong.push_back("another connection waits");
      return true;
    }
    if (step.starts_with('>')) {
      const std::string text = step.starts_with(">>") ? step.substr(2) : step.substr(1) + "\r\n";
      return ::send(socket, text.data(), text.size(), MSG_NOSIGNAL) >= 0;
    }
    std::string line;
    const std::string wanted = step.substr(1);
    do {
      if (!read_line(socket, line)) {
        wrong.push_back("closed before " + wanted);
        return false;
      }
      heard.push_back(line);
    } while (wanted == "." && line != ".");
    if (!line.starts_with(wanted)) wrong.push_back("wanted " + wanted + ", got " + line);
    return true;
  }
  bool read_line(int socket, std::string& line) {
    std::size_t end;
    while ((end = input_.find("\r\n")) == std::string::npos) {
      char piece[4096];
      const ssize_t got = ::recv(socket, piece, sizeof piece, 0);
      if (got <= 0) return false;
      input_.append(piece, static_cast<std::size_t>(got));
    }
    line = input_.substr(0, end);
    input_.erase(0, end + 2);
    return true;
  }

  std::vector<Script> scripts_;
  std::string input_;
  int listener_ = -1;
  net::Address address_;
  std::thread thread_;
};

}  // namespace postern::test
