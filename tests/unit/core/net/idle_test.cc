// tests/unit/core/net/idle_test.cc: what an idle TLS connection costs. Hidden, for it needs
// descriptors and seconds: ulimit -n 30000; unit_core '[idle]'
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cstdlib>

#include "net_fixture.h"
#include "tests/support/eventually.h"

using namespace postern;
using namespace postern::net;

namespace {

Task<> greet_and_wait(Stream stream, std::shared_ptr<const TlsContext> context,
                      std::size_t* greeted) {
  try {
    co_await stream.start_tls_server(context, 60s);
    co_await stream.write("220 ready\r\n");
    co_await stream.flush(60s);
    ++*greeted;
    for (;;) co_await stream.read_line(512, std::chrono::hours(1));
  } catch (const IoError&) {
  }
}

Task<> become_idle(Stream* stream, std::shared_ptr<const TlsContext> context, Address to) {
  *stream = co_await Stream::connect(std::move(to), 60s);
  co_await stream->start_tls_client(context, "mx.example", 60s);
  co_await stream->read_line(512, 60s);
}

Task<> connect_all(std::vector<Stream>* clients, Address to) {
  const auto context = TlsContext::client(TlsContext::Verify::opportunistic);
  for (std::size_t done = 0; done < clients->size();) {
    TaskGroup batch;
    for (int i = 0; i < 100 && done < clients->size(); ++i, ++done)
      batch.spawn(become_idle(&(*clients)[done], context, to));
    co_await batch.join();
  }
}

/// The other ends, in a process of their own: told the port, they connect and stay until they are
/// told to go.
[[noreturn]] void be_the_clients(int orders, std::size_t count) {
  std::uint16_t port = 0;
  if (read(orders, &port, sizeof port) != sizeof port) _exit(1);
  Loop loop;
  std::vector<Stream> clients(count);
  loop.run_until_done(connect_all(&clients, Address::parse_ip("127.0.0.1")->with_port(port)));
  char none;
  (void)!read(orders, &none, 1);
  _exit(0);
}

Task<> serve_all(Loop* home, int orders, std::size_t count,
                 std::shared_ptr<const TlsContext> context) {
  TaskGroup sessions;
  std::size_t greeted = 0;
  Listener listener(
      *home, *Address::parse("127.0.0.1:0"),
      [&](Stream stream) { return greet_and_wait(std::move(stream), context, &greeted); },
      sessions);
  const std::size_t before = mallinfo2().uordblks;
  const std::uint16_t port = listener.bound().port();
  CHECK(write(orders, &port, sizeof port) == sizeof port);
  CHECK(co_await test::holds_within(60s, [&] { return greeted >= count; }));
  const std::size_t each = (mallinfo2().uordblks - before) / count;
  WARN(count << " idle TLS connections take " << each << " octets of heap each");
  CHECK(sessions.size() == count);
  CHECK(each < 32'000);
  co_await sessions.close();
}

}  // namespace

TEST_CASE("ten thousand idle TLS connections stay small", "[.][idle]") {
  const char* const wanted = std::getenv("IDLE_CONNECTIONS");
  const std::size_t count =
      wanted != nullptr ? static_cast<std::size_t>(std::atoi(wanted)) : 10'000;
  rlimit descriptors{};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  REQUIRE(descriptors.rlim_max > count + 100);
  descriptors.rlim_cur = descriptors.rlim_max;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &descriptors) == 0);
  int orders[2];
  REQUIRE(pipe(orders) == 0);
  const pid_t child = fork();
  if (child == 0) {
    close(orders[1]);
    be_the_clients(orders[0], count);
  }
  close(orders[0]);
  {
    ScratchFolder folder;
    const auto context = TlsContext::server(make_certificate(folder, "mx.example"));
    Loop loop;
    loop.run_until_done(serve_all(&loop, orders[1], count, context));
  }
  close(orders[1]);
  waitpid(child, nullptr, 0);
}
