// queue/model/doubts.h: why mail must not be taken, or not be looked for, at the moment.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace postern::queue {

/// What may be wrong: Redis's settings lose mail; it is not the queue that we know; the folder is
/// not the spool that the queue knows.
enum class Doubt : std::uint8_t { settings, epoch, spool };

/// One for each process. Thread-safe.
class Doubts {
 public:
  /// An empty `why` ends the doubt. Changes are logged.
  void set(Doubt about, const std::string& why);
  std::string why(Doubt about) const;
  /// Why nothing new may be taken; empty: it may. A spool in doubt stops only what needs it.
  std::string refusal() const;
  /// The first of all; empty: all is well.
  std::string any() const;

 private:
  std::string first_of(std::size_t most) const;

  mutable std::mutex mutex_;
  std::array<std::string, 3> why_;
  std::atomic<unsigned> count_{0};
};

}  // namespace postern::queue
