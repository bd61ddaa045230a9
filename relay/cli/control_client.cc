// relay/cli/control_client.cc: HTTP/1.1 over a unix socket, one request a connection.
#include "relay/cli/control_client.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>

#include "core/descriptor.h"
#include "core/error.h"

namespace postern::relay {

namespace {

constexpr std::size_t largest_answer = std::size_t{1} << 30;
constexpr timeval patience{.tv_sec = 120, .tv_usec = 0};

/// Through the folder's descriptor, since a socket's own path may have 107 octets only.
bool connect_to(const Descriptor& connection, const std::filesystem::path& socket) {
  const Descriptor folder(open(socket.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return false;
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  const std::string path =
      fmt::format("/proc/self/fd/{}/{}", folder.get(), socket.filename().string());
  if (path.size() >= sizeof address.sun_path) return false;
  path.copy(address.sun_path, path.size());
  return connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
         0;
}

std::optional<uid_t> peer_of(const Descriptor& connection) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return {};
  return peer.uid;
}

void send_all(const Descriptor& connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(connection.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    // A server that refuses early has answered already: read what it says.
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string receive_all(const Descriptor& connection) {
  std::string answer;
  std::array<char, 65536> block;
  for (;;) {
    const ssize_t got = recv(connection.get(), block.data(), block.size(), 0);
    if (got < 0) throw IoError("the gateway does not answer");
    if (got == 0) return answer;
    answer.append(block.data(), static_cast<std::size_t>(got));
    if (answer.size() > largest_answer) throw IoError("the gateway's answer is too long");
  }
}

ControlAnswer parse_answer(const std::string& text) {
  constexpr std::string_view protocol = "HTTP/1.1 ";
  const std::size_t head = text.find("\r\n\r\n");
  ControlAnswer answer;
  if (head == std::string::npos || !text.starts_with(protocol))
    throw IoError("the gateway broke off its answer");
  std::from_chars(text.data() + protocol.size(), text.data() + head, answer.status);
  answer.body = text.substr(head + 4);
  return answer;
}

}  // namespace

std::expected<ControlAnswer, NotReachable> ask_server(const std::filesystem::path& socket,
                                                      const TrustedPeers& trusted,
                                                      std::string_view method,
                                                      std::string_view path, std::string_view body,
                                                      std::string_view content_type) {
  const Descriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (!connect_to(connection, socket))
    return std::unexpected(
        NotReachable{"no gateway answers at " + socket.string() + "; is `postern serve` running?"});
  const auto peer = peer_of(connection);
  if (!peer || !trusted.includes(*peer))
    return std::unexpected(NotReachable{
        fmt::format("{} is answered by a process of user {}, who is neither root, nor you, nor the "
                    "owner of data_dir: not asked",
                    socket.string(), peer ? std::to_string(*peer) : "unknown")});
  send_all(
      connection,
      fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {}\r\n"
                  "Content-Length: {}\r\n\r\n",
                  method, path, content_type, body.size()));
  send_all(connection, body);
  return parse_answer(receive_all(connection));
}

}  // namespace postern::relay
