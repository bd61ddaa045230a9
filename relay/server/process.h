// relay/server/process.h: what the gateway settles with the operating system.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "core/async/loop.h"
#include "core/net/address.h"
#include "core/system_user.h"

namespace postern::relay {

/// One gateway for each data_dir: a locked file, held while this lives. Throws IoError when another
/// has it. The command line knows by it where a running gateway works
/// (relay/cli/running_gateway.h).
class DataLock {
 public:
  explicit DataLock(const std::filesystem::path& data_dir);
  ~DataLock();
  DataLock(const DataLock&) = delete;
  DataLock& operator=(const DataLock&) = delete;

 private:
  int descriptor_ = -1;
};

/// Calls back on the loop when a signal arrives, while this lives.
class Signal {
 public:
  Signal(Loop& loop, int number, std::function<void()> arrived);
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

 private:
  struct Watch;
  Watch* watch_;
};

/// Throws IoError when somebody listens there already. Our sockets share their ports among workers
/// (SO_REUSEPORT), and would share them with another gateway of the same user, too.
void require_unused(const net::Address& address);

/// The 32 MiB of a password hash go back to the system when it is done. By itself malloc would keep
/// in arenas whatever is no larger than the largest block that was ever freed. Before any thread
/// starts.
void keep_huge_blocks_apart();

/// As many descriptors as the hard limit allows.
void raise_descriptor_limit();

/// No core file of us is written, for it would hold passwords and mail.
void write_no_core();

/// As root: the folder of the socket that programs of this host submit to, for the user that we are
/// about to become.
void make_submit_folder(const SystemUser& user);
/// Where that socket is.
inline constexpr const char* submit_socket = "/run/postern/submit.sock";

/// "READY=1" and the like to systemd, if it started us (sd_notify(3)).
void notify_systemd(std::string_view state);

}  // namespace postern::relay
