// core/async/thread_pool.cc: threads that take jobs from a bounded queue.
#include "core/async/thread_pool.h"

#include <algorithm>

namespace postern {

ThreadPool::ThreadPool(unsigned threads, std::size_t queue_bound) : queue_bound_(queue_bound) {
  for (unsigned i = 0; i < std::max(threads, 1U); ++i) threads_.emplace_back([this] { work(); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  available_.notify_all();
  for (auto& thread : threads_) thread.join();
}

bool ThreadPool::submit(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    if (jobs_.size() >= queue_bound_) return false;
    jobs_.push_back(std::move(job));
  }
  available_.notify_one();
  return true;
}

void ThreadPool::work() {
  for (;;) {
    std::function<void()> job;
    {
      std::unique_lock lock(mutex_);
      available_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

}  // namespace postern
