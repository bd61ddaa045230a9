// tests/unit/core/net/stream_test.cc: lines, backpressure, cancelling and closing over loopback.
#include "core/net/stream.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "net_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/manual_clock.h"
#include "tests/support/next_turn.h"

using namespace postern;
using namespace postern::net;
using postern::test::eventually;
using postern::test::next_turn;

TEST_CASE("only CRLF ends a line, and what is bare stays in the text") {
  Stream* reader = nullptr;
  converse(
      [&](Stream& stream) -> Task<> {
        reader = &stream;
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "one");
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "bare\nLF");
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "bare\rCR\n");
        CHECK(text_of(co_await stream.read_line(100, 5s)).empty());
        CHECK_THROWS_AS(co_await stream.read_line(100, 5s), ConnectionClosed);
      },
      [&](Stream& stream) -> Task<> {
        co_await stream.write("one\r");
        co_await stream.flush(5s);
        co_await eventually("the CR has arrived, without its LF",
                            [&] { return reader != nullptr && reader->buffered() == "one\r"; });
        co_await stream.write("\nbare\nLF\r\nbare\rCR\n\r\n\r\nno line");
        co_await stream.shutdown(5s);
      });
}

TEST_CASE("a line over its limit is dropped up to its CRLF, and the next one is whole") {
  Stream* reader = nullptr;
  int lines = 0;
  converse(
      [&](Stream& stream) -> Task<> {
        reader = &stream;
        const Stream::Line exact = co_await stream.read_line(6, 5s);
        CHECK(exact.text == "1234");
        const Stream::Line longer = co_await stream.read_line(6, 5s);
        CHECK(longer.too_long);
        lines = 2;
        const Stream::Line huge = co_await stream.read_line(6, 5s);
        CHECK(huge.too_long);
        CHECK(text_of(co_await stream.read_line(6, 5s)) == "ok");
      },
      [&](Stream& stream) -> Task<> {
        co_await stream.write("1234\r\n12345\r\n");
        co_await stream.write(std::string(300'000, 'x') + "\r");
        co_await stream.flush(5s);
        co_await eventually("all but the CR has been dropped",
                            [&] { return lines == 2 && reader->buffered() == "\r"; });
        co_await stream.write("\nok\r\n");
        co_await stream.shutdown(5s);
      });
}

TEST_CASE("a line that is buffered is ready at once") {
  converse(
      [](Stream& stream) -> Task<> {
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "a");
        auto next = stream.read_line(100, 5s);
        CHECK(next.await_ready());
        CHECK(next.await_resume().text == "b");
      },
      [](Stream& stream) -> Task<> {
        co_await stream.write("a\r\nb\r\n");
        co_await stream.shutdown(5s);
      });
}

TEST_CASE(
    "replies to pipelined commands wait for each other and leave when the next read suspends") {
  converse(
      [](Stream& stream) -> Task<> {
        for (int i = 0; i < 3; ++i) {
          co_await stream.read_line(100, 5s);
          co_await stream.write("reply\r\n");
          CHECK(stream.unsent() == 7U * static_cast<unsigned>(i + 1));
        }
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "done");
        CHECK(stream.unsent() == 0);
      },
      [](Stream& stream) -> Task<> {
        co_await stream.write("1\r\n2\r\n3\r\n");
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "reply");
        CHECK(stream.buffered() == "reply\r\nreply\r\n");
        co_await stream.write("done\r\n");
        co_await stream.shutdown(5s);
      });
}

TEST_CASE("a reader that takes its time stops the writer") {
  Event stuck;
  bool finished = false;
  converse(
      [&](Stream& stream) -> Task<> {
        co_await stuck.wait();
        std::size_t total = 0;
        while (total < 64U << 20) total += (co_await stream.read_some(1 << 20, 5s)).size();
        CHECK(total == 64U << 20);
      },
      [&](Stream& stream) -> Task<> {
        stream.set_write_timeout(20ms);
        const std::string block(1 << 20, 'x');
        std::size_t written = 0;
        bool timed_out = false;
        while (!timed_out && written < 64U << 20) {
          written += block.size();
          try {
            co_await stream.write(block);
          } catch (const Timeout&) {
            timed_out = true;
          }
        }
        CHECK(timed_out);
        stuck.set();
        stream.set_write_timeout(10s);
        for (; written < 64U << 20; written += block.size()) co_await stream.write(block);
        co_await stream.flush(10s);
        finished = true;
      });
  CHECK(finished);
}

TEST_CASE("a read that times out or is cancelled loses nothing") {
  Event tried;
  converse(
      [&](Stream& stream) -> Task<> {
        CHECK_THROWS_AS(co_await stream.read_line(100, 1ms), Timeout);
        TaskGroup group;
        group.spawn([](Stream* from) -> Task<> { co_await from->read_line(100, 5s); }(&stream));
        co_await next_turn();
        co_await group.close();
        tried.set();
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "whole");
      },
      [&](Stream& stream) -> Task<> {
        co_await stream.write("who");
        co_await stream.flush(5s);
        co_await tried.wait();
        co_await stream.write("le\r\n");
        co_await stream.shutdown(5s);
      });
}

TEST_CASE("close wakes who waits on the stream with ConnectionClosed") {
  converse(
      [](Stream& stream) -> Task<> {
        TaskGroup group;
        bool closed = false;
        group.spawn([](Stream* from, bool* flag) -> Task<> {
          try {
            co_await from->read_line(100, 5s);
          } catch (const ConnectionClosed&) {
            *flag = true;
          }
        }(&stream, &closed));
        co_await next_turn();
        stream.close();
        co_await group.join();
        CHECK(closed);
        CHECK_THROWS_AS(co_await stream.write("x"), ConnectionClosed);
      },
      [](Stream& stream) -> Task<> {
        CHECK_THROWS_AS(co_await stream.read_line(100, 5s), ConnectionClosed);
      });
}

TEST_CASE("what arrives while nobody reads leaves the last line alone") {
  Event read, sent;
  converse(
      [&](Stream& stream) -> Task<> {
        const Stream::Line first = co_await stream.read_line(100, 5s);
        const char* const where = first.text.data();
        read.set();
        co_await sent.wait();
        co_await eventually("something has arrived", [&] { return !stream.is_quiet(); });
        co_await next_turn();  // at the latest now it is read from the socket
        CHECK(first.text == "first");
        CHECK(first.text.data() == where);
        CHECK(text_of(co_await stream.read_line(200'000, 5s)).size() == 50'000);
      },
      [&](Stream& stream) -> Task<> {
        co_await stream.write("first\r\n");
        co_await stream.flush(5s);
        co_await read.wait();
        co_await stream.write(std::string(50'000, 'y') + "\r\n");
        co_await stream.flush(5s);
        sent.set();
        co_await stream.shutdown(5s);
      });
}

TEST_CASE("wait_readable shows what is new, and the rest of a line read first") {
  converse(
      [](Stream& stream) -> Task<> {
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "BDAT");
        co_await stream.wait_readable(5s);
        CHECK(stream.buffered() == "abc");
        co_await stream.write("go\r\n");
        co_await stream.wait_readable(5s);
        CHECK(stream.buffered() == "abcdef");
        stream.consume(6);
        CHECK_THROWS_AS(co_await stream.wait_readable(5s), ConnectionClosed);
      },
      [](Stream& stream) -> Task<> {
        co_await stream.write("BDAT\r\nabc");
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "go");
        co_await stream.write("def");
        co_await stream.shutdown(5s);
      });
}

TEST_CASE("after the peer's last octet one can still answer") {
  converse(
      [](Stream& stream) -> Task<> {
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "QUIT");
        CHECK_THROWS_AS(co_await stream.read_line(100, 5s), ConnectionClosed);
        co_await stream.write("221 bye\r\n");
        co_await stream.shutdown(5s);
      },
      [](Stream& stream) -> Task<> {
        co_await stream.write("QUIT\r\n");
        co_await stream.shutdown(5s);
        CHECK_FALSE(stream.is_open());
      });
}

TEST_CASE("a unix socket serves, and its stale file is replaced") {
  ScratchFolder folder;
  const std::string address = "unix:" + folder.file("s");
  for (int i = 0; i < 2; ++i)
    converse(
        [](Stream& stream) -> Task<> {
          CHECK(text_of(co_await stream.read_line(100, 5s)) == "hello");
        },
        [](Stream& stream) -> Task<> {
          co_await stream.write("hello\r\n");
          co_await stream.shutdown(5s);
        },
        address.c_str());
}

TEST_CASE("an idle stream is quiet until its peer says something or hangs up") {
  const auto until_it_is_not = [](Stream& stream) -> Task<> {
    co_await eventually("the stream is not quiet", [&] { return !stream.is_quiet(); });
  };
  converse(
      [&](Stream& stream) -> Task<> {
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "one");
        CHECK(stream.is_quiet());
        co_await stream.write("go on\r\n");
        co_await stream.flush(5s);
        co_await until_it_is_not(stream);
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "two");
        co_await stream.write("go on\r\n");
        co_await stream.flush(5s);
        co_await until_it_is_not(stream);
      },
      [](Stream& stream) -> Task<> {
        co_await stream.write("one\r\n");
        co_await stream.read_line(100, 5s);
        co_await stream.write("two\r\n");
        co_await stream.read_line(100, 5s);
      });
}

TEST_CASE("nobody at home is an IoError that names the address") {
  Loop loop;
  const auto nobody = *Address::parse("127.0.0.1:1");
  try {
    loop.run_until_done(Stream::connect(nobody, 5s));
    FAIL("connected");
  } catch (const IoError& error) {
    CHECK(std::string(error.what()).find("127.0.0.1:1") != std::string::npos);
  }
}

TEST_CASE("a stream moves to another loop with its unused input") {
  Event moved;
  converse(
      [&](Stream& stream) -> Task<> {
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "LOGIN");
        DetachedStream detached = stream.detach();
        CHECK_FALSE(stream.is_open());
        Stream second = Stream::attach(Loop::current(), std::move(detached));
        CHECK(text_of(co_await second.read_line(100, 5s)) == "SELECT");
        co_await second.write("OK\r\n");
        co_await second.shutdown(5s);
      },
      [](Stream& stream) -> Task<> {
        co_await stream.write("LOGIN\r\nSELECT\r\n");
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "OK");
      });
}

TEST_CASE("who is interrupted in a read may still write, and read again") {
  bool was_interrupted = false;
  std::string heard, said;
  converse(
      [&](Stream& server) -> Task<> {
        TaskGroup group;
        group.spawn([](Stream* stream) -> Task<> {
          stream->interrupt();
          co_return;
        }(&server));
        try {
          co_await server.read_line(100, 5s);
        } catch (const Interrupted&) {
          was_interrupted = true;
        }
        co_await group.join();
        server.interrupt();  // nobody waits: nothing happens
        co_await server.write("bye\r\n");
        heard = text_of(co_await server.read_line(100, 5s));
      },
      [&](Stream& client) -> Task<> {
        said = text_of(co_await client.read_line(100, 5s));
        co_await client.write("thanks\r\n");
        co_await client.flush(5s);
      });
  CHECK(was_interrupted);
  CHECK(said == "bye");
  CHECK(heard == "thanks");
}

namespace {

/// One more descriptor may be opened, while it lives.
class FewDescriptors {
 public:
  FewDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int next = dup(0);
    close(next);
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(next) + 1;
    // No assertion while it holds: sanitizers want a descriptor to look at its objects.
    if (setrlimit(RLIMIT_NOFILE, &few) != 0) throw std::runtime_error("setrlimit");
  }
  ~FewDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

/// Would the loop come back at once if it waited now for what its sockets have? One that spins
/// always would.
bool has_events(Loop& loop) {
  pollfd events{.fd = uv_backend_fd(loop.uv()), .events = POLLIN, .revents = 0};
  return ::poll(&events, 1, 0) > 0;
}

Task<> note(Event* accepted, Stream) {
  accepted->set();
  co_return;
}

Task<> run_out_of_descriptors(Loop* home) {
  TaskGroup group;
  Event accepted;
  Listener listener(
      *home, *Address::parse("127.0.0.1:0"),
      [&](Stream stream) { return note(&accepted, std::move(stream)); }, group);
  // A loop's first stream takes a descriptor more, which libuv keeps in reserve.
  const Stream first = co_await Stream::connect(listener.bound(), 5s);
  co_await accepted.wait();
  co_await group.join();
  accepted.reset();
  ManualClock clock(*home);
  const auto is_waiting = [&, before = clock.timers()] { return clock.timers() > before; };
  Stream client;
  const auto is_asleep = [&] { return !has_events(*home); };
  bool has_tried = false, sleeps = false, has_tried_again = false, sleeps_again = false;
  bool was_accepted = false;
  {
    const FewDescriptors few;
    client = co_await Stream::connect(listener.bound(), 5s);
    has_tried = co_await test::holds_within(10s, is_waiting);
    sleeps = co_await test::holds_within(10s, is_asleep);
    co_await clock.advance(10s);
    has_tried_again = co_await test::holds_within(10s, is_waiting);
    sleeps_again = co_await test::holds_within(10s, is_asleep);
    was_accepted = accepted.is_set();
  }
  CHECK(has_tried);
  CHECK(sleeps);
  CHECK(has_tried_again);
  CHECK(sleeps_again);
  CHECK(!was_accepted);
  co_await eventually("the connection is accepted", [&]() -> Task<bool> {
    co_await clock.advance(1s);
    co_return accepted.is_set();
  });
  co_await group.join();
}

}  // namespace

TEST_CASE(
    "out of descriptors, a listener waits without spinning, and accepts when there are some") {
  Loop loop;
  loop.run_until_done(run_out_of_descriptors(&loop));
}
