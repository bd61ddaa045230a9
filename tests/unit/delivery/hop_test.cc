// tests/unit/delivery/hop_test.cc: a next hop: its window, and what is done with mail for one that
// does not answer.
#include <catch2/catch.hpp>

#include "core/async/loop.h"
#include "core/async/sync.h"
#include "core/async/task_group.h"
#include "core/async/timer.h"
#include "delivery/pace/hop.h"
#include "tests/support/eventually.h"

using namespace postern;
using namespace postern::delivery;
using namespace std::chrono_literals;

namespace {

const Verdict no_answer = our_delay({4, 4, 1}, "no answer");

struct Waiters {
  int begun = 0, through = 0;
  Event all_wait;
};

Task<> wait_for_place(Hop& hop, Waiters& waiters) {
  if (++waiters.begun == 3) waiters.all_wait.set();
  co_await hop.wait_for_place();
  ++waiters.through;
}

Task<> wait_behind_a_full_window(std::shared_ptr<Hop> hop, Hop::Clock::time_point now) {
  const Hop::Slot first(hop);
  TaskGroup group;
  Waiters waiters;
  for (int n = 0; n < 3; ++n) group.spawn(wait_for_place(*hop, waiters));
  co_await with_timeout(10s, waiters.all_wait.wait());
  CHECK(waiters.through == 0);
  hop->went_dead(no_answer, now + 10s);
  co_await with_timeout(10s, group.join());
  CHECK(waiters.through == 3);
}

}  // namespace

TEST_CASE("who waits for a place in the window of a hop is let go when the hop turns out dead") {
  Loop loop;
  const auto hop = std::make_shared<Hop>(1);
  loop.run_until_done(wait_behind_a_full_window(hop, loop.now()));
  CHECK(hop->why_dead(loop.now())->reply == "no answer");
}

TEST_CASE("a hop at which a thousand stand in line takes no more, until some have left") {
  Loop loop;
  const auto hop = std::make_shared<Hop>(1);
  loop.run_until_done([](Loop& its_loop, std::shared_ptr<Hop> the_hop) -> Task<> {
    TaskGroup group;
    Waiters waiters;
    {
      const Hop::Slot first(the_hop);
      for (int n = 0; n < 1000; ++n) group.spawn(wait_for_place(*the_hop, waiters));
      co_await test::eventually("all stand in line", [&] { return waiters.begun == 1000; });
      CHECK(the_hop->is_crowded());
    }
    co_await test::eventually("one is let through", [&] { return waiters.through >= 1; });
    CHECK_FALSE(the_hop->is_crowded());
    the_hop->went_dead(no_answer, its_loop.now() + 10s);  // lets the others go
    co_await with_timeout(10s, group.join());
  }(loop, hop));
}

TEST_CASE("a hop that was dead is tried by one message at a time until one gets through") {
  const auto hop = std::make_shared<Hop>(5);
  const auto now = Hop::Clock::now();
  hop->went_dead(no_answer, now + 10s);
  CHECK(hop->why_dead(now + 9s));
  CHECK_FALSE(hop->why_dead(now + 10s));
  {
    const Hop::Slot probe(hop);
    CHECK(hop->why_dead(now + 11s));
    CHECK(hop->why_dead(now + 1h));
  }
  CHECK_FALSE(hop->why_dead(now + 11s));
  {
    const Hop::Slot probe(hop);
    hop->went_well(50);
    CHECK_FALSE(hop->why_dead(now + 11s));
  }
}

TEST_CASE("an operator's retry ends the caution") {
  const auto hop = std::make_shared<Hop>(5);
  const auto now = Hop::Clock::now();
  hop->went_dead(no_answer, now + 10s);
  hop->forget_trouble();
  const Hop::Slot other(hop);
  CHECK_FALSE(hop->why_dead(now));
}

TEST_CASE("trouble is remembered for as long as is asked, and a hop without any not at all") {
  const auto hop = std::make_shared<Hop>(5);
  const auto now = Hop::Clock::now();
  CHECK(hop->is_unused(now, 1h));
  hop->went_dead(no_answer, now + 10s);
  CHECK_FALSE(hop->is_unused(now + 11s, 1h));
  CHECK(hop->is_unused(now + 11s, 0s));
  CHECK_FALSE(hop->is_unused(now + 9s, 0s));
  CHECK(hop->is_unused(now + 2h, 1h));
}
