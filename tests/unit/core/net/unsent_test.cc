// tests/unit/core/net/unsent_test.cc: peers that take nothing, and peers that have finished.
#include "core/net/unsent.h"

#include "net_fixture.h"

using namespace postern;
using namespace postern::net;

TEST_CASE("what a peer does not take counts for everybody until it leaves") {
  const std::size_t before = net::detail::all_unsent();
  Event stuck;
  converse([&](Stream&) -> Task<> { co_await stuck.wait(); },
           [&](Stream& stream) -> Task<> {
             stream.set_write_timeout(20ms);
             const std::string block(20 << 20, 'x');
             CHECK_THROWS_AS(co_await stream.write(block), Timeout);
             CHECK(net::detail::all_unsent() > before);
             CHECK(net::detail::all_unsent() >= stream.unsent());
             stream.close();
             CHECK(net::detail::all_unsent() == before);
             stuck.set();
           });
  CHECK(net::detail::all_unsent() == before);
}

TEST_CASE("a stream knows that its peer has finished, also while its last words wait unread") {
  Event said, asked;
  converse(
      [&](Stream& stream) -> Task<> {
        CHECK(stream.peer_state() == PeerState::there);
        asked.set();
        co_await said.wait();
        while (stream.peer_state() == PeerState::there) co_await sleep_for(1ms);
        CHECK((co_await stream.read_some(100, 5s)) == "bye");
      },
      [&](Stream& stream) -> Task<> {
        co_await asked.wait();
        co_await stream.write("bye");
        co_await stream.flush(5s);
        said.set();
        stream.close();
      });
}
