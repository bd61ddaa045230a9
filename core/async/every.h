// core/async/every.h: what goes on for as long as its scope lives.
#pragma once

#include "core/async/timer.h"

namespace postern {

/// Awaits `step()` again and again, `pause` after its last end, until the scope is cancelled.
/// Whatever it throws goes to `trouble(const std::exception&)`, and it goes on: what works in the
/// background has nobody who would notice that it has ended.
template <class Step, class Trouble>
Task<> every(std::chrono::milliseconds pause, Step step, Trouble trouble) {
  for (;;) {
    try {
      co_await step();
    } catch (const Cancelled&) {
      throw;
    } catch (const std::exception& error) {
      trouble(error);
    }
    co_await sleep_for(pause);
  }
}

}  // namespace postern
