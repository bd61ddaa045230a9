// relay/server/sockets.cc: the unix sockets of a server: for operators, and for programs of this
// host.
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "relay/server/server.h"

namespace postern::relay {

namespace {

constexpr mode_t owner_only = 0600, everyone = 0666, open_to_all = 0755;
constexpr std::size_t longest_local_head = 512 << 10;  // an envelope of 1,000 long addresses

/// Does somebody listen on this unix socket already?
bool is_answered(const std::string& path) {
  sockaddr_storage storage{};
  const socklen_t length = net::Address::unix_socket(path).to_sockaddr(storage);
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool answered =
      ::connect(descriptor, reinterpret_cast<const sockaddr*>(&storage), length) == 0;
  ::close(descriptor);
  return answered;
}

}  // namespace

std::unique_ptr<WorkerApi> Server::make_api(Worker& worker, http::Api::Trust trust) {
  return std::make_unique<WorkerApi>(worker, *house_, hooks_, snapshot_, trust);
}

net::Listener Server::listen_here(const std::string& path, http::Application& api) {
  return net::Listener(
      loop_, net::Address::unix_socket(path),
      [this, &api](net::Stream stream) {
        http::RequestLimits limits;
        limits.body = snapshot_->config->limits.message_size + 64 * 1024;
        limits.head = longest_local_head;
        return http::serve(std::move(stream), api, limits, control_idle_);
      },
      control_sessions_);
}

void Server::open_control_socket() {
  control_ = make_api(*workers_.front(), http::Api::Trust::control);
  const std::string path = config_->control_socket().string();
  control_listener_.emplace(
      listen_here(path, control_->application()));  // as serve's umask wants it: for us
  ::chmod(path.c_str(), owner_only);
}

/// Where programs of this host hand in mail (`sendmail`). One gateway of a host has it; without the
/// folder, nobody.
void Server::open_submit_socket() {
  submit_ = make_api(*workers_.front(), http::Api::Trust::submit);
  const std::string path = submit_socket;
  std::error_code ignored;  // listening says it better
  const auto folder = std::filesystem::path(path).parent_path();
  if (std::filesystem::create_directories(folder, ignored)) ::chmod(folder.c_str(), open_to_all);
  if (is_answered(path)) return;
  try {
    submit_listener_.emplace(listen_here(path, submit_->application()));
    ::chmod(path.c_str(), everyone);
  } catch (const IoError& error) {
    log::debug("no_submit_socket", {{"error", error.what()}});
  }
}

void Server::close_unix_sockets() {
  if (control_listener_) control_listener_->stop();
  if (submit_listener_) {
    submit_listener_->stop();
    ::unlink(submit_socket);
  }
  control_idle_.close_all();
}

}  // namespace postern::relay
