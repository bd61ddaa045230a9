// tests/fuzz/session_driver.h: a server session as a function: bytes in, replies out.
#pragma once

#include <algorithm>
#include <functional>

#include "../unit/core/net/stream_pair.h"
#include "core/async/task_group.h"
#include "core/async/timer.h"

namespace postern::fuzz {

constexpr std::chrono::hours for_ever{1};

/// Sends `bytes` in packets of `packet`, then no more.
inline Task<> send_all(net::StreamPair* pair, std::string_view bytes, std::size_t packet) {
  try {
    for (std::size_t at = 0; at < bytes.size(); at += packet) {
      co_await pair->client.write(bytes.substr(at, packet));
      co_await pair->client.flush(for_ever);
      co_await sleep_for(std::chrono::milliseconds(0));  // the server's turn
    }
  } catch (const IoError&) {  // the server has left before the end
  }
  pair->half_close();
}

inline Task<> read_all(net::StreamPair* pair, std::string* said) {
  try {
    for (;;) *said += co_await pair->client.read_some(65'536, for_ever);
  } catch (const ConnectionClosed&) {
  }
}

using Server = std::function<Task<>(net::Stream)>;

inline Task<> run_all(net::StreamPair* pair, const Server* server, std::string_view bytes,
                      std::size_t packet, std::string* said) {
  TaskGroup group;
  group.spawn((*server)(std::move(pair->server)));
  group.spawn(send_all(pair, bytes, packet));
  group.spawn(read_all(pair, said));
  co_await group.join();
}

/// What `server` says to a client that sends `bytes`, in at most 32 packets, and hangs up.
inline std::string converse(const Server& server, std::string_view bytes, std::size_t packet) {
  static Loop loop;
  net::StreamPair pair(loop);
  std::string said;
  loop.run_until_done(
      run_all(&pair, &server, bytes, std::max(packet, bytes.size() / 32 + 1), &said));
  return said;
}

}  // namespace postern::fuzz
