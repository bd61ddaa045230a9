// tests/fuzz/session_world.h: a mailbox server without a network: real sessions, real store, one
// loop.
#pragma once

#include <string>
#include <string_view>

#include "core/async/loop.h"
#include "core/async/task_group.h"
#include "core/async/thread_pool.h"
#include "core/net/stream.h"
#include "mailbox/session_context.h"
#include "mailbox/store/hub.h"
#include "policy/authenticator.h"

namespace postern::fuzz {

/// Takes the fuzzer's bytes apart: 'A' talks on after a login, 'L' talks instead of one, any other
/// first octet plays, with up to 400 octets as its dice. Text picks the talks, so that a corpus of
/// conversations can be read and written.
template <class Talk, class Play>
int talk_or_play(const std::uint8_t* data, std::size_t size, Talk talk, Play play) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) return 0;
  const std::string_view rest = bytes.substr(1);
  if (bytes.front() == 'A' || bytes.front() == 'L')
    talk(rest, bytes.front() == 'A');
  else
    play(rest.substr(0, 400));
  return 0;
}

inline constexpr std::chrono::seconds patience{30};  // past it, something hangs: a finding

/// Knows ann, whose password is "secret".
class Ann : public policy::Authenticator {
 public:
  Task<std::expected<policy::Account, policy::AuthFailure>> login(std::string user,
                                                                  std::string password,
                                                                  policy::Scope,
                                                                  net::Address) override;
  bool is_live(const std::string&) const override { return true; }
};

/// The client's end of a connection.
class Peer {
 public:
  Peer(net::DetachedStream end, int descriptor);  // a descriptor of its own for the same socket
  ~Peer();
  Peer(Peer&& other) noexcept;
  net::Stream stream;
  /// The server reads the end of input; its replies still come.
  void end_output() const;

 private:
  int descriptor_;
};

/// Ann's mailbox, as new, in memory. One at a time.
class SessionWorld {
 public:
  SessionWorld();
  ~SessionWorld();

  /// Starts the other side of a connection: `serve` of imap or pop3, given the server's end.
  template <class Serve>
  Peer connect(Serve serve) {
    auto [client, server] = pair();
    sessions_.spawn(serve(net::Stream::attach(loop(), std::move(server))));
    return std::move(client);
  }
  /// What any session is given.
  void fill(mailbox::SessionContext& context);
  const std::string& folder() const { return folder_; }
  mailbox::Mailboxes& mailboxes() { return mailboxes_; }
  /// What all worlds share. They are never destroyed: the fuzzer ends the process as it likes.
  static Loop& loop();
  static ThreadPool& pool();

 private:
  static std::pair<Peer, net::DetachedStream> pair();

  std::string folder_;
  Ann ann_;
  mailbox::AccountHub hub_;
  mailbox::Mailboxes mailboxes_;
  TaskGroup sessions_;
};

/// Sends `bytes` and no more, and gives all that comes until the server closes.
Task<std::string> converse(Peer peer, std::string bytes);

}  // namespace postern::fuzz
