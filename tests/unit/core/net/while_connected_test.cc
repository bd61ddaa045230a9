// tests/unit/core/net/while_connected_test.cc: nobody works for a client that has left.
#include "core/net/while_connected.h"

#include <catch2/catch.hpp>

#include "core/async/sync.h"
#include "stream_pair.h"

using namespace postern;
using namespace postern::net;

namespace {

Task<int> wait_for_ever() {
  Event never;
  co_await never.wait();
  co_return 0;
}

Task<int> answer() { co_return 42; }

}  // namespace

TEST_CASE("work for a client ends when the client leaves, whatever it left unread") {
  Loop loop;
  StreamPair pair(loop);
  loop.run_until_done([](Stream* client) -> Task<> {
    co_await client->write("more commands\r\n");
    co_await client->flush(std::chrono::seconds(5));
  }(&pair.client));
  pair.half_close();
  CHECK(pair.server.has_peer_left());
  CHECK_THROWS_AS(loop.run_until_done(while_connected(pair.server, wait_for_ever())),
                  ConnectionClosed);
}

TEST_CASE("work for a client that stays, or that is done at once, has its outcome") {
  Loop loop;
  StreamPair pair(loop);
  CHECK_FALSE(pair.server.has_peer_left());
  CHECK(loop.run_until_done(while_connected(pair.server, answer())) == 42);
  pair.half_close();
  CHECK(loop.run_until_done(while_connected(pair.server, answer())) == 42);
}
