// tests/unit/core/async/fair_pool_test.cc: whose turn it is, and what is never done.
#include "core/async/fair_pool.h"

#include <catch2/catch.hpp>
#include <future>

#include "core/async/offload_by_turn.h"
#include "core/async/task_group.h"

using namespace postern;
using Rank = FairPool::Rank;

namespace {

/// A pool of one thread, which is busy until `open`; what runs after that is noted.
struct Bench {
  explicit Bench(std::size_t line_bound = 100, std::size_t rank_bound = 100)
      : pool(std::make_unique<FairPool>(1, line_bound, rank_bound)) {
    std::promise<void> begun;
    pool->submit({Rank::familiar, "gate"}, [&] {
      begun.set_value();
      gate.get_future().wait();
    });
    begun.get_future().wait();
  }
  ~Bench() {
    if (!is_open) gate.set_value();
  }
  std::optional<FairPool::Ticket> submit(Rank rank, const std::string& party) {
    return pool->submit({rank, party}, [this, party] { done += party; });
  }
  /// Lets all run to the end: who, in order.
  std::string open() {
    gate.set_value();
    is_open = true;
    pool.reset();
    return done;
  }

  std::promise<void> gate;
  bool is_open = false;
  std::string done;  // by the pool's thread alone, until it has ended
  std::unique_ptr<FairPool> pool;
};

}  // namespace

TEST_CASE("lines are served by turns, so that who asks for much waits for himself") {
  Bench bench;
  for (int i = 0; i < 3; ++i) bench.submit(Rank::harmless, "a");
  bench.submit(Rank::harmless, "b");
  bench.submit(Rank::harmless, "c");
  CHECK(bench.open() == "abcaa");
}

TEST_CASE("higher ranks come first, and one job in eight comes from below") {
  Bench bench;
  for (const char* party : {"x", "y"}) bench.submit(Rank::doubtful, party);
  for (int i = 0; i < 8; ++i) bench.submit(Rank::familiar, "f");
  bench.submit(Rank::harmless, "h");
  CHECK(bench.open() == "ffffffxffhy");  // the gate was the first of eight
}

TEST_CASE("a flood takes no room from other ranks, and who finds none is told") {
  Bench bench(2, 3);
  CHECK(bench.submit(Rank::doubtful, "a"));
  CHECK(bench.submit(Rank::doubtful, "a"));
  CHECK_FALSE(bench.submit(Rank::doubtful, "a"));  // the line is full
  CHECK(bench.submit(Rank::doubtful, "b"));
  CHECK_FALSE(bench.submit(Rank::doubtful, "c"));  // the rank is
  CHECK(bench.submit(Rank::harmless, "c"));
  CHECK(bench.open() == "caba");
}

TEST_CASE("work whose waiter is cancelled before its turn never runs, and its room is free") {
  Bench bench(1, 1);
  Loop loop;
  bool has_run = false;
  TaskGroup group;
  group.spawn([](FairPool* pool, bool* ran) -> Task<> {
    co_await offload_by_turn(*pool, {Rank::harmless, "a"}, [ran] { return *ran = true; });
  }(bench.pool.get(), &has_run));
  loop.run_until_done([](Bench* all, TaskGroup* waiters) -> Task<> {
    CHECK_FALSE(all->submit(Rank::harmless, "b"));  // the other has its room
    co_await waiters->close();
  }(&bench, &group));
  CHECK(bench.submit(Rank::harmless, "c"));
  CHECK(bench.open() == "c");
  CHECK_FALSE(has_run);
}

TEST_CASE("work that has begun is awaited, and its outcome given") {
  Loop loop;
  FairPool pool(1, 1, 1);
  CHECK(loop.run_until_done(offload_by_turn(pool, {}, [] { return 5; })) == 5);
  CHECK_THROWS_AS(
      loop.run_until_done(offload_by_turn(pool, {}, []() -> int { throw IoError("memory"); })),
      IoError);
}
