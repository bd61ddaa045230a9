// core/async/thread_pool.h: threads for what blocks.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace postern {

/// A fixed number of threads and a bounded queue of jobs. No job may wait for another.
class ThreadPool {
 public:
  ThreadPool(unsigned threads, std::size_t queue_bound);
  ~ThreadPool();  ///< runs what is queued, then joins
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// False when `queue_bound` jobs wait already.
  bool submit(std::function<void()> job);

 private:
  void work();

  std::size_t queue_bound_;
  std::mutex mutex_;
  std::condition_variable available_;
  std::deque<std::function<void()>> jobs_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace postern
