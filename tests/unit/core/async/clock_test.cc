// tests/unit/core/async/clock_test.cc: timers, and the clock that they go by.
#include <catch2/catch.hpp>

#include "core/async/task_group.h"
#include "core/async/timer.h"
#include "tests/support/manual_clock.h"

using namespace postern;
using namespace std::chrono_literals;

namespace {

using Times = std::vector<std::chrono::milliseconds>;

std::chrono::milliseconds since(const Loop& loop, std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(loop.now() - start);
}

Task<> append(std::vector<int>& to, int value, std::chrono::milliseconds wait) {
  co_await sleep_for(wait);
  to.push_back(value);
}

/// Sleeps `pause` again and again, and notes what time it is after each.
Task<> note_times(Loop& loop, std::chrono::milliseconds pause, Times& times) {
  const auto start = loop.now();
  for (;;) {
    co_await sleep_for(pause);
    times.push_back(since(loop, start));
  }
}

}  // namespace

TEST_CASE("timers fire in the order of their times, and none before its time") {
  Loop loop;
  ManualClock clock(loop);
  std::vector<int> order;
  loop.run_until_done([](ManualClock& time, std::vector<int>& to) -> Task<> {
    TaskGroup group;
    group.spawn(append(to, 3, 30ms));
    group.spawn(append(to, 1, 1ms));
    group.spawn(append(to, 2, 15ms));
    co_await time.advance(14ms);
    CHECK(to == std::vector{1});
    co_await time.advance(16ms);
    co_await group.join();
  }(clock, order));
  CHECK(order == std::vector{1, 2, 3});
}

TEST_CASE("timers of the real clock fire in the order of their times") {
  Loop loop;
  std::vector<int> order;
  const auto start = std::chrono::steady_clock::now();
  loop.run_until_done([](std::vector<int>& to) -> Task<> {
    TaskGroup group;
    group.spawn(append(to, 2, 15ms));
    group.spawn(append(to, 1, 1ms));
    co_await group.join();
  }(order));
  CHECK(order == std::vector{1, 2});
  CHECK(std::chrono::steady_clock::now() - start >= 15ms);
}

TEST_CASE("timers that are due at the same time fire in the order in which they were set") {
  Loop loop;
  ManualClock clock(loop);
  std::vector<int> order;
  loop.run_until_done([](ManualClock& time, std::vector<int>& to) -> Task<> {
    TaskGroup group;
    for (int i = 0; i < 4; ++i) group.spawn(append(to, i, 1s));
    co_await time.advance(1s);
    co_await group.join();
  }(clock, order));
  CHECK(order == std::vector{0, 1, 2, 3});
}

TEST_CASE("a held clock stands still until it is moved, by exactly as much as it is moved") {
  Loop loop;
  ManualClock clock(loop, std::chrono::sys_days(std::chrono::January / 31 / 2026));
  const auto start = loop.now();
  CHECK(loop.now() == start);
  loop.run_until_done(clock.advance(36h));
  CHECK(loop.now() == start + 36h);
  CHECK(loop.wall_now() == std::chrono::sys_days(std::chrono::February / 1 / 2026) + 12h);
}

TEST_CASE("who sleeps again and again is woken each time when a held clock is moved far at once") {
  Loop loop;
  ManualClock clock(loop);
  Times times;
  loop.run_until_done([](Loop& home, ManualClock& time, Times& noted) -> Task<> {
    TaskGroup group;
    group.spawn(note_times(home, 1s, noted));
    co_await time.advance(3500ms);
    co_await group.close();
  }(loop, clock, times));
  CHECK(times == Times{1s, 2s, 3s});
}

TEST_CASE("a time limit passes when the held clock does, and not before") {
  Loop loop;
  ManualClock clock(loop);
  loop.run_until_done([](ManualClock& time) -> Task<> {
    bool timed_out = false;
    const auto wait = [](bool& flag) -> Task<> {
      Event never;
      try {
        co_await with_timeout(5min, never.wait());
      } catch (const Timeout&) {
        flag = true;
      }
    };
    TaskGroup group;
    group.spawn(wait(timed_out));
    co_await time.advance(5min - 1ms);
    CHECK_FALSE(timed_out);
    co_await time.advance(1ms);
    CHECK(timed_out);
    co_await group.join();
  }(clock));
}

TEST_CASE("when a held clock is let go, time goes on from where it stood") {
  Loop loop;
  std::vector<int> order;
  std::optional<ManualClock> clock(loop);
  loop.run_until_done([](std::optional<ManualClock>& time, std::vector<int>& to) -> Task<> {
    TaskGroup group;
    group.spawn(append(to, 1, 1h + 1ms));
    co_await time->advance(1h);
    const auto stood = Loop::current().now();
    time.reset();
    CHECK(Loop::current().now() >= stood);
    CHECK(Loop::current().now() < stood + 30min);
    co_await group.join();
  }(clock, order));
  CHECK(order == std::vector{1});
}
