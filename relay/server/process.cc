// relay/server/process.cc: lock, signals, limits, systemd.
#include "relay/server/process.h"

#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "core/error.h"
#include "core/file_owner.h"

namespace postern::relay {

DataLock::DataLock(const std::filesystem::path& data_dir) {
  const auto file = data_dir / "lock";
  descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor_ < 0) throw IoError("cannot open " + file.string() + ": " + std::strerror(errno));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor_);
    throw IoError("another postern serves " + data_dir.string());
  }
}

DataLock::~DataLock() { ::close(descriptor_); }

struct Signal::Watch {
  uv_signal_t handle{};
  std::function<void()> arrived;
};

Signal::Signal(Loop& loop, int number, std::function<void()> arrived)
    : watch_(new Watch{{}, std::move(arrived)}) {
  uv_signal_init(loop.uv(), &watch_->handle);
  watch_->handle.data = watch_;
  uv_signal_start(
      &watch_->handle,
      [](uv_signal_t* handle, int) { static_cast<Watch*>(handle->data)->arrived(); }, number);
}

Signal::~Signal() {
  uv_close(reinterpret_cast<uv_handle_t*>(&watch_->handle),
           [](uv_handle_t* handle) { delete static_cast<Watch*>(handle->data); });
}

void require_unused(const net::Address& address) {
  if (address.is_unix() || address.port() == 0) return;
  sockaddr_storage storage{};
  const socklen_t length = address.to_sockaddr(storage);
  const int descriptor = ::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return;  // listening says it better
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.is_ipv6()) ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  const int result = ::bind(descriptor, reinterpret_cast<const sockaddr*>(&storage), length);
  const int error = errno;
  ::close(descriptor);
  if (result != 0) {
    throw IoError("cannot listen on " + address.text() + ": " + std::strerror(error));
  }
}

void keep_huge_blocks_apart() {
  constexpr int huge = 4 << 20;  // above what messages need again and again
  ::mallopt(M_MMAP_THRESHOLD, huge);
  ::mallopt(M_TRIM_THRESHOLD,
            16 * huge);  // as malloc would have come to: pages are not fetched twice
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void write_no_core() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
}

void make_submit_folder(const SystemUser& user) {
  const auto folder = std::filesystem::path(submit_socket).parent_path();
  if (::geteuid() != 0 || ::mkdir(folder.c_str(), 0755) != 0)
    return;                       // it is there: as it was made
  ::chmod(folder.c_str(), 0755);  // whatever the umask
  give_to(user, folder);
}

void notify_systemd(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (path == nullptr || std::strlen(path) >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path);
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // an abstract socket
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
  ::sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address), length);
  ::close(descriptor);
}

}  // namespace postern::relay
