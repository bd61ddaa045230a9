// tests/unit/core/net/while_connected_test.cc: nobody works for a client that has left.
#include "core/net/while_connected.h"

#include <catch2/catch.hpp>

#include "core/async/sync.h"
#include "core/async/task_group.h"
#include "core/net/listener.h"
#include "stream_pair.h"

using namespace postern;
using namespace postern::net;
using namespace std::chrono_literals;

namespace {

Task<int> wait_for_ever() {
  Event never;
  co_await never.wait();
  co_return 0;
}

Task<int> answer() { co_return 42; }

/// What became of a command that takes five seconds, and of one that takes none.
struct Outcome {
  bool has_left = false, is_done = false;
  Event over;
};

Task<int> computes_for(std::chrono::milliseconds wait) {
  co_await sleep_for(wait);
  co_return 7;
}

Task<> obey(Stream stream, Outcome* outcome, std::chrono::milliseconds wait) {
  try {
    outcome->is_done = co_await while_connected(stream, computes_for(wait)) == 7;
  } catch (const ConnectionClosed&) {
    outcome->has_left = true;
  }
  outcome->over.set();
}

/// A client that sends a little more and leaves while its command is obeyed.
Task<> leave_meanwhile(Loop* loop, Outcome* outcome, std::chrono::milliseconds wait) {
  TaskGroup sessions;
  Listener listener(
      *loop, *Address::parse("127.0.0.1:0"),
      [=](Stream stream) { return obey(std::move(stream), outcome, wait); }, sessions);
  Stream client = co_await Stream::connect(listener.bound(), 5s);
  co_await client.write("b NOOP\r\n");
  co_await client.flush(5s);
  client.close();
  co_await with_timeout(20s, outcome->over.wait());
  listener.stop();
  co_await sessions.close();
}

}  // namespace

TEST_CASE("work for a client ends when the client leaves, whatever it left unread") {
  Loop loop;
  StreamPair pair(loop);
  loop.run_until_done([](Stream* client) -> Task<> {
    co_await client->write("more commands\r\n");
    co_await client->flush(std::chrono::seconds(5));
  }(&pair.client));
  pair.half_close();
  CHECK(pair.server.peer_state() != PeerState::there);
  CHECK_THROWS_AS(loop.run_until_done(while_connected(pair.server, wait_for_ever())),
                  ConnectionClosed);
}

TEST_CASE("work for a client that stays, or that is done at once, has its outcome") {
  Loop loop;
  StreamPair pair(loop);
  CHECK(pair.server.peer_state() == PeerState::there);
  CHECK(loop.run_until_done(while_connected(pair.server, answer())) == 42);
  pair.half_close();
  CHECK(loop.run_until_done(while_connected(pair.server, answer())) == 42);
}

TEST_CASE("a command that computes is broken off when its client has left") {
  Loop loop;
  Outcome outcome;
  const auto began = std::chrono::steady_clock::now();
  loop.run_until_done(leave_meanwhile(&loop, &outcome, 15s));
  CHECK(outcome.has_left);
  CHECK(std::chrono::steady_clock::now() - began < 5s);
}

TEST_CASE("who sends a command and shuts down is served if it does not take long") {
  Loop loop;
  Outcome outcome;
  loop.run_until_done(leave_meanwhile(&loop, &outcome, 100ms));
  CHECK(outcome.is_done);
}
