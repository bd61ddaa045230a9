// core/async/task_group.h: a scope that owns the coroutines spawned in it.
#pragma once

#include "core/async/sync.h"

namespace postern {

/// Owns tasks that run side by side on the current loop. close() cancels and joins them; the
/// destructor insists that none is left. Cancelled is no failure; the first other exception is
/// thrown by join() or close().
class TaskGroup {
 public:
  TaskGroup() = default;
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup() { POSTERN_ASSERT(size_ == 0); }

  void spawn(Task<> task);  ///< starts on the next turn; in a cancelled group it is dropped
  void cancel() noexcept { scope_.cancel(); }
  Task<> join();   ///< if the waiter is cancelled, so is the group, and it is joined all the same
  Task<> close();  ///< cancel, and join to the end
  std::size_t size() const noexcept { return size_; }

 private:
  static detail::Detached run(CancelScope* scope, TaskGroup* group, Task<> task);
  void ended() noexcept;
  void rethrow();

  CancelScope scope_;
  std::size_t size_ = 0;
  std::exception_ptr failure_;
  WaitList joiners_;
};

}  // namespace postern
