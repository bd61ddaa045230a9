// tests/unit/queue/redis_server.h: a real redis-server for one test, which can be killed and
// started again.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>

#include "core/redis/connection.h"
#include "tests/support/eventually.h"
#include "tests/unit/queue/folder.h"

class RedisServer {
 public:
  explicit RedisServer(std::string fsync = "always") : fsync_(std::move(fsync)) { start(); }
  ~RedisServer() { kill(); }
  RedisServer(const RedisServer&) = delete;

  postern::redis::Url url() const {
    postern::redis::Url url;
    url.socket = folder.path / "redis.sock";
    return url;
  }

  void start() {
    std::filesystem::remove(folder.path / "redis.sock");
    pid_ = fork();
    if (pid_ == 0) {
      execlp("redis-server", "redis-server", "--dir", folder.path.c_str(), "--port", "0",
             "--unixsocket", "redis.sock", "--save", "", "--appendonly", "yes", "--appendfsync",
             fsync_.c_str(), "--logfile", "log", nullptr);
      _exit(127);
    }
    postern::test::block_until("redis-server listens", [this] {
      return std::filesystem::exists(folder.path / "redis.sock");
    });
  }

  /// As a crash would.
  void kill() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

  Folder folder;

 private:
  std::string fsync_;
  pid_t pid_ = 0;
};
