// core/async/fair_pool.h: threads whose time is shared by turns, for work that anybody may ask for.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace postern {

/// A fixed number of threads. Each party has a line of jobs, and the lines of a rank are served by
/// turns, so that who asks for much waits for himself. Higher ranks come first, but for one job in
/// eight, so that no rank waits for ever. No job may wait for another.
class FairPool {
 public:
  enum class Rank : std::uint8_t { familiar, harmless, doubtful };
  /// Whose job it is.
  struct Turn {
    Rank rank = Rank::harmless;
    std::string party;
  };
  /// A job that was taken, to withdraw it by.
  struct Ticket {
    Turn turn;
    std::uint64_t number = 0;
  };

  /// `line_bound` jobs of a party may wait, and `rank_bound` of a rank: a flood in a lower rank
  /// takes no room from a higher one.
  FairPool(unsigned threads, std::size_t line_bound, std::size_t rank_bound);
  ~FairPool();  ///< runs what waits, then joins
  FairPool(const FairPool&) = delete;
  FairPool& operator=(const FairPool&) = delete;

  /// None when there is no room in its line or rank.
  std::optional<Ticket> submit(Turn turn, std::function<void()> work);
  /// False when the job has begun: then it runs to its end.
  bool withdraw(const Ticket& ticket);

 private:
  struct Job {
    std::uint64_t number;
    std::function<void()> work;
  };
  struct Line {
    std::string party;
    std::deque<Job> jobs;
  };
  struct Lines {
    std::list<Line> by_turn;  ///< none is empty; the front is next
    std::unordered_map<std::string, std::list<Line>::iterator> by_party;
    std::size_t size = 0;  ///< jobs
  };
  static constexpr std::size_t ranks = 3;

  void work();
  bool is_empty() const;
  Lines& next_rank();
  static std::function<void()> take(Lines& lines);

  const std::size_t line_bound_, rank_bound_;
  std::mutex mutex_;  // of what follows, but the threads
  std::condition_variable available_;
  std::array<Lines, ranks> lines_;
  std::uint64_t submitted_ = 0, taken_ = 0;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace postern
