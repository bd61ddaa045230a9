// many.h: one job on many threads, counted and timed.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>

#include "client.h"
#include "loads.h"

namespace bench {

using Clock = std::chrono::steady_clock;

std::string user(unsigned box);
double seconds_since(Clock::time_point start);
/// None when the options ask for no TLS.
SSL_CTX* tls_of(const Options& options);

/// Starts `connections` threads. `prepare` makes what a thread needs; its result is called until
/// `count` calls were made in all. Gives the seconds that these took; ends the program on Trouble.
double many(const Options& options,
            const std::function<std::function<void(unsigned number)>(unsigned thread)>& prepare);

}  // namespace bench
