// tests/unit/relay/smtp/scripted_client.h: says lines to a session over loopback, whose intake only
// remembers.
#pragma once

#include <catch2/catch.hpp>

#include "core/async/loop.h"
#include "core/async/task_group.h"
#include "core/async/timer.h"
#include "core/net/listener.h"
#include "fakes.h"
#include "relay/smtp/session.h"

namespace postern {

using namespace std::chrono_literals;
using smtp::FakeIntake;
using smtp::FakeLogins;
using smtp::Taken;

class ScriptedClient {
 public:
  explicit ScriptedClient(smtp::Terms terms)
      : terms_(std::make_shared<smtp::Terms>(std::move(terms))),
        listener_(
            loop_, *net::Address::parse("127.0.0.1:0"),
            [this](net::Stream stream) {
              return smtp::converse(std::move(stream), terms_, intake, logins, idle_);
            },
            group_),
        stream_(loop_.run_until_done(net::Stream::connect(listener_.bound(), 5s))) {
    greeting = reply();
  }
  ~ScriptedClient() {
    stream_.close();
    listener_.stop();
    loop_.run_until_done(group_.close());
  }

  /// Sends a line; gives the reply without its last CRLF.
  std::string say(std::string_view line) {
    send(std::string(line) + "\r\n");
    return reply();
  }
  void send(std::string text) { loop_.run_until_done(send_all(std::move(text))); }
  std::string reply() { return loop_.run_until_done(read_reply()); }
  /// Sends an octet at a time until the server has enough of it; false when it takes them all.
  bool drip(std::size_t octets) { return loop_.run_until_done(drip_all(octets)); }
  void shut_down() { idle_.close_all(); }
  bool is_closed() { return loop_.run_until_done(read_end()); }

  FakeIntake intake;
  FakeLogins logins;
  std::string greeting;

 private:
  Task<> send_all(std::string text) {
    co_await stream_.write(text);
    co_await stream_.flush(5s);
  }
  Task<bool> drip_all(std::size_t octets) {
    while (octets-- > 0 && stream_.buffered().empty()) {
      co_await send_all("x");
      try {
        co_await stream_.wait_readable(20ms);
      } catch (const Timeout&) {  // not yet
      }
    }
    co_return !stream_.buffered().empty();
  }
  Task<std::string> read_reply() {
    std::string all;
    for (;;) {
      const auto line = co_await stream_.read_line(1000, 5s);
      all += (all.empty() ? "" : "\n") + std::string(line.text);
      if (line.text.size() < 4 || line.text[3] != '-') co_return all;
    }
  }
  Task<bool> read_end() {
    try {
      co_await stream_.read_some(1, 5s);
    } catch (const ConnectionClosed&) {
      co_return true;
    }
    co_return false;
  }

  Loop loop_;
  TaskGroup group_;
  net::IdleSessions idle_;
  std::shared_ptr<smtp::Terms> terms_;
  net::Listener listener_;
  net::Stream stream_;
};

inline smtp::Terms port_25() { return {.door = relay::Door::mx, .hostname = "mail.b.example"}; }

inline smtp::Terms submission_in_the_clear() {
  return {.door = relay::Door::submission,
          .tls = net::TlsOffer::optional,
          .hostname = "mail.b.example"};
}

}  // namespace postern
