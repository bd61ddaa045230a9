// tests/unit/core/net/idle_test.cc: what an idle TLS connection costs. Hidden, for it needs
// descriptors and seconds: ulimit -n 30000; unit_core '[idle]'
#include <malloc.h>
#include <sys/resource.h>

#include <cstdlib>

#include "net_fixture.h"

using namespace postern;
using namespace postern::net;

namespace {
Task<> greet_and_wait(Stream stream, std::shared_ptr<const TlsContext> context) {
  try {
    co_await stream.start_tls_server(context, 60s);
    co_await stream.write("220 ready\r\n");
    for (;;) co_await stream.read_line(512, std::chrono::hours(1));
  } catch (const IoError&) {
  }
}

Task<> become_idle(Stream* stream, std::shared_ptr<const TlsContext> context, Address to) {
  *stream = co_await Stream::connect(std::move(to), 60s);
  co_await stream->start_tls_client(context, "mx.example", 60s);
  co_await stream->read_line(512, 60s);
}
}  // namespace

TEST_CASE("ten thousand idle TLS connections stay small", "[.][idle]") {
  const char* const wanted = std::getenv("IDLE_CONNECTIONS");
  const std::size_t count =
      wanted != nullptr ? static_cast<std::size_t>(std::atoi(wanted)) : 10'000;
  const rlimit descriptors{count * 2 + 100, count * 2 + 100};
  setrlimit(RLIMIT_NOFILE, &descriptors);
  ScratchFolder folder;
  const auto server = TlsContext::server(make_certificate(folder, "mx.example"));
  const auto client = TlsContext::client(TlsContext::Verify::opportunistic);
  Loop loop;
  loop.run_until_done([](Loop* home, std::size_t many, std::shared_ptr<const TlsContext> serving,
                         std::shared_ptr<const TlsContext> asking) -> Task<> {
    TaskGroup sessions;
    Listener listener(
        *home, *Address::parse("127.0.0.1:0"),
        [&](Stream stream) { return greet_and_wait(std::move(stream), serving); }, sessions);
    std::vector<Stream> clients(many);
    const std::size_t before = mallinfo2().uordblks;
    for (std::size_t done = 0; done < many;) {
      TaskGroup batch;
      for (std::size_t i = 0; i < 100 && done < many; ++i, ++done)
        batch.spawn(become_idle(&clients[done], asking, listener.bound()));
      co_await batch.join();
    }
    const std::size_t each = (mallinfo2().uordblks - before) / many;
    WARN("a server end and a client end take " << each << " octets of heap together");
    CHECK(sessions.size() == many);
    CHECK(each < 80'000);
    clients.clear();
    co_await sessions.close();
  }(&loop, count, server, client));
}
