// many.cc: threads that start together and share one count.
#include "many.h"

#include <fmt/format.h>

#include <barrier>
#include <cstdlib>
#include <thread>

namespace bench {

std::string user(unsigned box) { return fmt::format("user{:02}@office.example", box); }

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

SSL_CTX* tls_of(const Options& options) {
  return options.tls ? SSL_CTX_new(TLS_client_method()) : nullptr;
}

double many(const Options& options,
            const std::function<std::function<void(unsigned number)>(unsigned thread)>& prepare) {
  std::atomic<unsigned> next = 0;
  Clock::time_point start;
  std::barrier ready(options.connections, [&]() noexcept { start = Clock::now(); });
  std::vector<std::thread> threads;
  for (unsigned thread = 0; thread < options.connections; ++thread) {
    threads.emplace_back([&, thread] {
      try {
        const auto job = prepare(thread);
        ready.arrive_and_wait();
        for (unsigned number = next++; number < options.count; number = next++) job(number);
      } catch (const Trouble& trouble) {
        fmt::print(stderr, "{}\n", trouble.text);
        std::_Exit(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return seconds_since(start);
}

}  // namespace bench
