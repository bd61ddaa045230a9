// tests/unit/queue/queue_bench.h: a queue over a real redis-server, and messages for it.
#pragma once

#include <catch2/catch.hpp>

#include "core/async/thread_pool.h"
#include "core/async/timer.h"
#include "queue/store/queue.h"
#include "tests/support/eventually.h"
#include "tests/unit/queue/recording.h"
#include "tests/unit/queue/redis_server.h"

namespace postern::queue {

using namespace std::chrono_literals;

inline mail::Recipient recipient(std::string_view text) {
  return {*mail::EmailAddress::parse(text), "", {}};
}

inline NewMessage message(std::vector<NewDelivery> deliveries,
                          std::string bytes = "Subject: hi\r\n\r\nHello\r\n") {
  NewMessage made;
  made.id = make_queue_id(std::chrono::system_clock::now());
  made.sender = *mail::EmailAddress::parse("ann@office.example");
  made.account = "acc1";
  made.message_id = "<1@office.example>";
  made.subject = "hi";
  made.size = bytes.size();
  made.received = std::chrono::system_clock::now();
  made.body = Body::in_memory(std::move(bytes));
  made.deliveries = std::move(deliveries);
  return made;
}

inline NewDelivery to(std::string_view address) {
  return {ToMx{mail::EmailAddress::parse(address)->domain()}, {recipient(address)}};
}

inline Settlement delivered() {
  Settlement settlement;
  settlement.done.push_back({0, FactKind::delivered, {2, 0, 0}, "250 OK", "mx.example"});
  return settlement;
}

inline Settlement deferred(std::chrono::milliseconds wait) {
  Settlement settlement;
  settlement.retry_in = wait;
  settlement.last_error = "451 later";
  return settlement;
}

/// One worker of one process; `restart` makes a process with the same data_dir.
struct Worker {
  explicit Worker(Loop& loop, const std::filesystem::path& data, const redis::Url& url,
                  FactListener& facts)
      : node(data),
        queue(
            loop, node, pool,
            {.redis = url, .spool = data / "spool", .in_flight_per_hop = 3, .facts = {{&facts}}}) {}
  Node node;
  ThreadPool pool{2, 100};
  Queue queue;
};

struct Bench {
  explicit Bench(std::string fsync = "always") : server(std::move(fsync)) { again(); }
  ~Bench() {
    if (worker) run(worker->queue.stop());
  }
  template <class T>
  T run(Task<T> task) {
    return loop.run_until_done(std::move(task));
  }
  Queue& queue() { return worker->queue; }
  void again() { worker = std::make_unique<Worker>(loop, data.path, server.url(), facts); }
  void start() { run(worker->queue.start(5s)); }
  void restart() {
    run(worker->queue.stop());
    again();
    start();
  }
  std::vector<Lease> commit(NewMessage made, bool lease_now = true) {
    auto result = run(queue().commit(std::move(made), lease_now));
    REQUIRE(result.has_value());
    return *std::move(result);
  }
  std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(data.path / "spool")) {
      count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
  }
  /// Waits until `is_true()`, a bool or a Task<bool>; throws what it waited for in vain.
  template <class Condition>
  void until(std::string what, Condition is_true) {
    run(test::eventually(std::move(what), std::move(is_true)));
  }
  /// What a claim brings, once it brings something.
  std::vector<Lease> claim_when_due(Queue& from) {
    std::vector<Lease> leases;
    until("something is due", [&]() -> Task<bool> {
      leases = co_await from.claim(10);
      co_return !leases.empty();
    });
    return leases;
  }
  redis::Reply say(redis::Arguments command) {
    redis::Connection connection(loop, server.url());
    connection.start();
    redis::Reply reply = run(connection.call(std::move(command)));
    run(connection.stop());
    return reply;
  }

  Loop loop;
  RedisServer server;
  Folder data;
  Recording facts;
  std::unique_ptr<Worker> worker;
};

}  // namespace postern::queue
