// tests/unit/core/async/async_test.cc: tasks, scopes, groups, channels, pools and loops.
#include <catch2/catch.hpp>
#include <thread>

#include "core/async/every.h"
#include "core/async/offload.h"
#include "core/async/on_loop.h"
#include "core/async/task_group.h"
#include "core/async/timer.h"
#include "tests/support/manual_clock.h"
#include "tests/support/next_turn.h"

using namespace postern;
using namespace std::chrono_literals;

namespace {

Task<int> answer() { co_return 42; }
Task<int> fail() {
  throw IoError("broken");
  co_return 0;
}
Task<> wait_for_ever(Event* started, bool* cancelled) {
  Event never;
  started->set();
  try {
    co_await never.wait();
  } catch (const Cancelled&) {
    *cancelled = true;
    throw;
  }
}

/// A second worker: a loop on a thread of its own.
class OtherLoop {
 public:
  OtherLoop() : thread_([this] { run(); }) {
    while (loop_.load() == nullptr) std::this_thread::yield();
  }
  ~OtherLoop() {
    loop_.load()->stop();
    thread_.join();
  }
  Loop& loop() { return *loop_.load(); }

 private:
  void run() {
    Loop loop;
    loop_ = &loop;
    loop.run();
  }
  std::atomic<Loop*> loop_ = nullptr;
  std::thread thread_;
};

}  // namespace

TEST_CASE("a task gives its value or throws its exception where it is awaited") {
  Loop loop;
  CHECK(loop.run_until_done(answer()) == 42);
  CHECK_THROWS_AS(loop.run_until_done(fail()), IoError);
}

TEST_CASE("closing a group cancels what waits in it and joins it") {
  Loop loop;
  bool cancelled = false;
  loop.run_until_done([](bool* flag) -> Task<> {
    TaskGroup group;
    Event started;
    group.spawn(wait_for_ever(&started, flag));
    co_await started.wait();
    co_await group.close();
    CHECK(group.size() == 0);
  }(&cancelled));
  CHECK(cancelled);
}

TEST_CASE("a group hands on the first exception of its tasks") {
  Loop loop;
  const auto work = []() -> Task<> {
    TaskGroup group;
    group.spawn([]() -> Task<> {
      co_await test::next_turn();
      throw IoError("inside");
    }());
    co_await group.join();
  };
  CHECK_THROWS_AS(loop.run_until_done(work()), IoError);
}

TEST_CASE("a time limit cancels the task inside and throws Timeout") {
  Loop loop;
  bool cancelled = false;
  Event started;
  CHECK_THROWS_AS(loop.run_until_done(with_timeout(5ms, wait_for_ever(&started, &cancelled))),
                  Timeout);
  CHECK(cancelled);
  CHECK(loop.run_until_done(with_timeout(5s, answer())) == 42);
}

TEST_CASE("work in the background goes on after a step that failed, and ends with its scope") {
  Loop loop;
  ManualClock clock(loop);
  int steps = 0;
  std::vector<std::string> troubles;
  const auto step = [&]() -> Task<> {
    if (++steps == 2) throw std::logic_error("nobody expected this");
    co_return;
  };
  const auto trouble = [&](const std::exception& error) { troubles.emplace_back(error.what()); };
  loop.run_until_done([](auto its_step, auto its_trouble, ManualClock& time) -> Task<> {
    TaskGroup group;
    group.spawn(every(1min, its_step, its_trouble));
    co_await time.advance(2min);
    co_await group.close();
    co_await time.advance(2min);
  }(step, trouble, clock));
  CHECK(steps == 3);
  CHECK(troubles == std::vector<std::string>{"nobody expected this"});
}

TEST_CASE("a cancelled group's joiner still waits for the tasks' end") {
  Loop loop;
  bool cancelled = false;
  const auto outer = [](bool* flag) -> Task<> {
    TaskGroup group;
    Event started;
    group.spawn(wait_for_ever(&started, flag));
    co_await group.join();
  };
  CHECK_THROWS_AS(loop.run_until_done(with_timeout(5ms, outer(&cancelled))), Timeout);
  CHECK(cancelled);
}

TEST_CASE("a full channel makes the sender wait, and a closed one is drained") {
  Loop loop;
  std::vector<int> got;
  loop.run_until_done([](std::vector<int>* to) -> Task<> {
    Channel<int> channel(2);
    TaskGroup group;
    group.spawn([](Channel<int>* into) -> Task<> {
      for (int i = 0; i < 10; ++i) co_await into->send(i);
      into->close();
    }(&channel));
    while (auto item = co_await channel.receive()) {
      CHECK(channel.size() <= 2);
      to->push_back(*item);
    }
    co_await group.join();
  }(&got));
  CHECK(got.size() == 10);
}

TEST_CASE("a mutex lets one holder in at a time") {
  Loop loop;
  int inside = 0, most = 0;
  const auto enter = [](Mutex* mutex, int* now, int* peak) -> Task<> {
    const auto guard = co_await mutex->lock();
    *peak = std::max(*peak, ++*now);
    co_await test::next_turn();
    --*now;
  };
  loop.run_until_done([](auto visit, int* now, int* peak) -> Task<> {
    Mutex mutex;
    TaskGroup group;
    for (int i = 0; i < 5; ++i) group.spawn(visit(&mutex, now, peak));
    co_await group.join();
  }(enter, &inside, &most));
  CHECK(most == 1);
}

TEST_CASE("blocking work runs on another thread and its exception comes back") {
  Loop loop;
  ThreadPool pool(2, 10);
  const auto here = std::this_thread::get_id();
  CHECK(loop.run_until_done(offload(pool, [] { return std::this_thread::get_id(); })) != here);
  CHECK_THROWS_AS(loop.run_until_done(offload(pool, [] { throw IoError("disk"); })), IoError);
}

TEST_CASE("a task runs on the other loop and its result comes home") {
  Loop loop;
  OtherLoop other;
  const auto where = []() -> Task<std::thread::id> { co_return std::this_thread::get_id(); };
  CHECK(loop.run_until_done(on_loop(other.loop(), where())) != std::this_thread::get_id());
  CHECK_THROWS_AS(loop.run_until_done(on_loop(other.loop(), fail())), IoError);
}

TEST_CASE("cancelling a call to another loop cancels it there and awaits its end") {
  Loop loop;
  OtherLoop other;
  bool cancelled = false;
  const auto far = [](bool* flag) -> Task<> {
    Event started;
    co_await wait_for_ever(&started, flag);
  };
  CHECK_THROWS_AS(loop.run_until_done(with_timeout(20ms, on_loop(other.loop(), far(&cancelled)))),
                  Timeout);
  CHECK(cancelled);
}
