// tests/unit/core/net/filter_test.cc: filters below and above TLS, while a stream moves and while
// they hold something back.
#include "net_fixture.h"
#include "stream_pair.h"

using namespace postern;
using namespace postern::net;

namespace {

/// What a test sees of a filter that its stream owns.
struct Passage {
  std::size_t decoded = 0, encoded = 0, finished = 0, released = 0;
};

/// Turns every octet over by a key that moves with each octet, so that one that is lost, doubled or
/// out of place spoils all that follow: a state in each direction, as compression has one.
class Scrambler final : public Filter {
 public:
  explicit Scrambler(Passage& passage) : passage_(passage) {}
  Passed decode(std::string_view bytes, std::string& into) override {
    for (const char octet : bytes) into.push_back(static_cast<char>(octet ^ key(passage_.decoded)));
    return {};
  }
  Passed encode(std::string_view plain, std::string& into) override {
    for (const char octet : plain) into.push_back(static_cast<char>(octet ^ key(passage_.encoded)));
    return {};
  }
  Passed finish(std::string&) override {
    ++passage_.finished;
    return {};
  }
  void release_buffers() noexcept override { ++passage_.released; }

 private:
  static char key(std::size_t& position) { return static_cast<char>(0x5a + 7 * position++); }
  Passage& passage_;
};

/// What expands: a digit and an octet stand for so many times 100,000 of the octet. "!" is an
/// error.
class Expander final : public Filter {
 public:
  Passed decode(std::string_view bytes, std::string& into) override {
    held_ += bytes;
    if (held_.starts_with('!')) {
      held_.clear();
      return std::unexpected("it exclaims");
    }
    if (!has_more()) return {};
    into.append(50'000, held_[1]);
    if (++halves_ < 2 * (held_[0] - '0')) return {};
    halves_ = 0;
    held_.erase(0, 2);
    return {};
  }
  bool has_more() const override { return held_.size() >= 2; }
  Passed encode(std::string_view plain, std::string& into) override {
    into += plain;
    return {};
  }
  Passed finish(std::string& into) override {
    into += "bye";
    return {};
  }

 private:
  std::string held_;
  int halves_ = 0;
};

/// Speaks first, and is not ready before the other end has spoken, too.
class Greeter final : public Filter {
 public:
  Passed decode(std::string_view bytes, std::string& into) override {
    if (!is_ready_ && !bytes.empty()) {
      if (!bytes.starts_with("hello")) return std::unexpected("no greeting");
      bytes.remove_prefix(5);
      is_ready_ = true;
    }
    into += bytes;
    return {};
  }
  Passed encode(std::string_view plain, std::string& into) override {
    into += std::exchange(greeting_, "");
    into += plain;
    return {};
  }
  Passed finish(std::string&) override { return {}; }
  std::size_t pending() const override { return greeting_.size(); }
  bool is_ready() const override { return is_ready_; }

 private:
  std::string greeting_ = "hello";
  bool is_ready_ = false;
};

Task<> run_alone(Loop& loop, const std::function<Task<>(Stream&, Stream&)>& steps) {
  StreamPair pair(loop);
  co_await with_timeout(20s, steps(pair.server, pair.client));
}

void with_pair(const std::function<Task<>(Stream&, Stream&)>& steps) {
  Loop loop;
  loop.run_until_done(run_alone(loop, steps));
}

}  // namespace

TEST_CASE("filters below and above TLS work as one chain, and move with the stream") {
  ScratchFolder folder;
  const auto server = TlsContext::server(make_certificate(folder, "mx.example"));
  const auto client = TlsContext::client(TlsContext::Verify::opportunistic);
  const std::string big(300'000, 'b');
  Passage below, above, client_below, client_above;
  converse(
      [&](Stream& stream) -> Task<> {
        stream.add_filter(std::make_unique<Scrambler>(below));
        co_await stream.start_tls_server(server, 5s);
        stream.add_filter(std::make_unique<Scrambler>(above));
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "one");
        Stream moved = Stream::attach(Loop::current(), stream.detach());
        CHECK(moved.is_encrypted());
        CHECK(moved.tls().version == "TLSv1.3");
        CHECK(text_of(co_await moved.read_line(100, 5s)) == "two");
        co_await moved.write(big + "\r\n");
        CHECK(text_of(co_await moved.read_line(100, 5s)) == "three");
        CHECK(moved.unsent() == 0);
        co_await moved.shutdown(5s);
      },
      [&](Stream& stream) -> Task<> {
        stream.add_filter(std::make_unique<Scrambler>(client_below));
        co_await stream.start_tls_client(client, "mx.example", 5s);
        stream.add_filter(std::make_unique<Scrambler>(client_above));
        co_await stream.write("one\r\ntwo\r\n");
        CHECK(text_of(co_await stream.read_line(1 << 20, 5s)) == big);
        co_await stream.write("three\r\n");
        CHECK_THROWS_AS(co_await stream.read_line(100, 5s), ConnectionClosed);
        co_await stream.shutdown(5s);
      });
  CHECK(above.encoded == big.size() + 2);
  CHECK(above.decoded == 17);
  CHECK(below.encoded > above.encoded);  // handshake and records
  CHECK(below.encoded == client_below.decoded);
  CHECK(client_below.encoded > below.decoded);  // nobody decodes the farewell
  CHECK(above.finished == 1);
  CHECK(below.finished == 1);
  CHECK(above.released > 0);
  CHECK(below.released > 0);
}

TEST_CASE("input that is not consumed is for the filter that is added, whenever it came") {
  with_pair([](Stream& stream, Stream& client) -> Task<> {
    co_await client.write("COMPRESS\r\n1a");
    co_await client.flush(5s);
    CHECK(text_of(co_await stream.read_line(100, 5s)) == "COMPRESS");
    CHECK(stream.buffered() == "1a");
    stream.add_filter(std::make_unique<Expander>());
    CHECK(stream.buffered() == std::string(50'000, 'a'));
    std::size_t octets = 0;
    while (octets < 100'000) octets += (co_await stream.read_some(70'000, 5s)).size();
    CHECK(octets == 100'000);
  });
}

TEST_CASE("what expands is decoded as its reader gets on, not at once") {
  with_pair([](Stream& stream, Stream& client) -> Task<> {
    stream.add_filter(std::make_unique<Expander>());
    co_await client.write("9a8b");
    co_await client.flush(5s);
    std::size_t octets = 0;
    while (octets < 1'700'000) {
      octets += (co_await stream.read_some(1 << 20, 5s)).size();
      CHECK(stream.buffered().size() <= 50'000);
      if (octets < 1'700'000) CHECK_FALSE(stream.is_quiet());
    }
    CHECK(stream.is_quiet());
    co_await client.write("2c1\r");
    co_await client.flush(5s);
    CHECK((co_await stream.read_some(1, 5s)) == "c");
    Stream moved = Stream::attach(Loop::current(), stream.detach());  // in the middle
    octets = 1;
    while (octets < 200'000) octets += (co_await moved.read_some(1 << 20, 5s)).size();
    CHECK((co_await moved.read_some(1, 5s)) == "\r");
    co_await moved.shutdown(0ms);
    CHECK((co_await client.read_some(10, 5s)) == "bye");
  });
}

TEST_CASE("a line that grows too long inside a filter is dropped and does not fill memory") {
  with_pair([](Stream& stream, Stream& client) -> Task<> {
    stream.add_filter(std::make_unique<Expander>());
    co_await client.write("9a9a9a");
    co_await client.flush(5s);
    CHECK_THROWS_AS(co_await stream.read_line(1000, 50ms), Timeout);
    CHECK(stream.buffered().empty());
    CHECK(stream.is_quiet());
  });
}

TEST_CASE("what a filter cannot decode ends the input, after what it could") {
  with_pair([](Stream& stream, Stream& client) -> Task<> {
    stream.add_filter(std::make_unique<Expander>());
    co_await client.write("1a");
    co_await client.flush(5s);
    CHECK((co_await stream.read_some(1, 5s)) == "a");
    co_await client.write("!");
    co_await client.flush(5s);
    std::size_t octets = 1;
    while (octets < 100'000) octets += (co_await stream.read_some(1 << 20, 5s)).size();
    CHECK_THROWS_WITH(co_await stream.read_some(1, 5s), "it exclaims");
  });
}

TEST_CASE("a filter that agrees with its peer first lets no plaintext pass before") {
  with_pair([](Stream& stream, Stream& client) -> Task<> {
    stream.add_filter(std::make_unique<Greeter>());
    co_await stream.write("secret");
    CHECK_THROWS_AS(co_await stream.flush(20ms), Timeout);
    CHECK(stream.unsent() == 6);
    CHECK((co_await client.read_some(100, 5s)) == "hello");
    co_await client.write("hello, you\r\n");
    co_await client.flush(5s);
    CHECK(text_of(co_await stream.read_line(100, 5s)) == ", you");
    co_await stream.flush(5s);
    CHECK((co_await client.read_some(100, 5s)) == "secret");
  });
}
