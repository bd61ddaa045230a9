// tests/unit/queue/retry_schedule_test.cc: the waits between attempts, and their end.
#include "queue/model/retry_schedule.h"

#include <catch2/catch.hpp>
#include <limits>
#include <optional>
#include <vector>

using namespace postern::queue;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr double middle = 0.5;  // dice that leave a wait as it is
constexpr unsigned most_failures = std::numeric_limits<unsigned>::max();

}  // namespace

TEST_CASE("waits grow to the maximum, and end with the message's lifetime") {
  const RetrySchedule schedule(
      {.first = 1min, .factor = 2, .max = 4h, .jitter = 0.1, .expire = 120h});
  struct {
    unsigned failures;
    milliseconds age;
    double dice;
    std::optional<milliseconds> wait;
  } const table[] = {{1, 0s, 0.5, 60s},
                     {2, 60s, 0.5, 120s},
                     {1, 0s, 0, 54s},
                     {9, 5h, 0.5, 4h},
                     {1000000, 5h, 0.5, 4h},
                     {5, 119h + 59min, 0.5, 1min},
                     {5, 120h, 0.5, std::nullopt},
                     {5, 200h, 0.5, std::nullopt}};
  for (const auto& [failures, age, dice, wait] : table)
    CHECK(schedule.next_wait(failures, age, dice) == wait);
}

TEST_CASE("each wait is the one before times the factor, up to the maximum") {
  struct {
    RetrySchedule::Settings settings;
    std::vector<milliseconds> waits;  // after the first failure, the second, …
  } const table[] = {
      {{}, {1min, 2min, 4min, 8min, 16min, 32min, 64min, 128min, 4h, 4h}},  // as configured
      {{.first = 1min, .factor = 1}, {1min, 1min, 1min}},
      {{.first = 1s, .factor = 1.5}, {1s, 1500ms, 2250ms, 3375ms}},
      {{.first = 1s, .factor = 100, .max = 1h}, {1s, 100s, 1h, 1h}},
      {{.first = 1h, .factor = 2, .max = 1h}, {1h, 1h}},
  };
  for (const auto& [settings, waits] : table) {
    const RetrySchedule schedule(settings);
    for (unsigned failures = 1; failures <= waits.size(); ++failures) {
      CAPTURE(settings.first.count(), settings.factor, failures);
      CHECK(schedule.next_wait(failures, 0s, middle) == waits[failures - 1]);
    }
  }
}

TEST_CASE("the wait before any failure is the first one") {
  CHECK(RetrySchedule({.first = 90s}).next_wait(0, 0s, middle) == 90s);
}

TEST_CASE("jitter stays within its share on both sides, also of the maximum") {
  constexpr double highest = 0.999999;  // dice are below 1
  struct {
    double jitter;
    unsigned failures;
    milliseconds least, most;
  } const table[] = {{0, 1, 100s, 100s},   {0.1, 1, 90s, 110s},
                     {0.1, 2, 180s, 220s}, {0.1, 50, 900s, 1100s},  // the maximum is 1000 s
                     {0.5, 1, 50s, 150s},  {1, 1, 1ms, 200s}};      // never at once: the host would
                                                                    // be asked in a circle
  for (const auto& [jitter, failures, least, most] : table) {
    CAPTURE(jitter, failures);
    const RetrySchedule schedule({.first = 100s, .factor = 2, .max = 1000s, .jitter = jitter});
    CHECK(schedule.next_wait(failures, 0s, 0) == least);
    CHECK(schedule.next_wait(failures, 0s, highest) <= most);
    CHECK(schedule.next_wait(failures, 0s, highest) >= most - 1s);
    for (double dice = 0; dice < 1; dice += 0.01) {
      const auto wait = schedule.next_wait(failures, 0s, dice);
      CHECK(wait >= least);
      CHECK(wait <= most);
    }
  }
}

TEST_CASE("the last wait ends with the lifetime, and after it there is none") {
  const RetrySchedule schedule({.first = 1h, .factor = 2, .jitter = 0.5, .expire = 24h});
  struct {
    milliseconds age;
    double dice;
    std::optional<milliseconds> wait;
  } const table[] = {{22h, middle, 1h},
                     {23h, middle, 1h},
                     {23h, 0.9, 1h},  // the dice would have it wait longer
                     {23h + 59min, 0, 1min},
                     {24h - 1ms, middle, 1ms},
                     {24h, middle, std::nullopt},
                     {24h * 365, middle, std::nullopt}};
  for (const auto& [age, dice, wait] : table) {
    CAPTURE(age.count(), dice);
    CHECK(schedule.next_wait(1, age, dice) == wait);
  }
}

TEST_CASE("however often it failed, the wait is neither over the maximum nor below nothing") {
  for (const double factor : {1.0, 1.0001, 2.0, 100.0}) {
    const RetrySchedule schedule({.first = 1min, .factor = factor, .max = 4h, .jitter = 0.1});
    for (const unsigned failures : {63U, 64U, 65U, 1024U, 1'000'000U, most_failures}) {
      CAPTURE(factor, failures);
      const auto wait = schedule.next_wait(failures, 0s, middle);
      CHECK(wait >= 1min);
      CHECK(wait <= 4h);
    }
  }
}

TEST_CASE("a maximum and a lifetime without end do not overflow a wait") {
  const RetrySchedule schedule(
      {.first = 1min, .factor = 100, .max = milliseconds::max(), .expire = milliseconds::max()});
  for (const double dice : {0.0, middle, 0.999999}) {
    for (const unsigned failures : {8U, 9U, 10U, most_failures}) {
      CAPTURE(dice, failures);
      CHECK(schedule.next_wait(failures, 0s, dice) > 24h);
    }
  }
}

TEST_CASE("the sender is warned of a delay once") {
  const RetrySchedule schedule({.warn_after = 4h});
  CHECK_FALSE(schedule.should_warn(3h, false));
  CHECK(schedule.should_warn(4h, false));
  CHECK_FALSE(schedule.should_warn(5h, true));
  CHECK_FALSE(RetrySchedule({.warn_after = 0s}).should_warn(100h, false));
}
