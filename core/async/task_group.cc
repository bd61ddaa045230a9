// core/async/task_group.cc: tasks are spawned into a group, joined, and closed.
#include "core/async/task_group.h"

namespace postern {

void TaskGroup::spawn(Task<> task) {
  if (scope_.is_cancelled()) return;
  ++size_;
  Loop::current().resume_soon(run(&scope_, this, std::move(task)).handle);
}

detail::Detached TaskGroup::run(CancelScope*, TaskGroup* group, Task<> task) {
  try {
    Task<> owned = std::move(task);  // its frame is gone before the group hears of the end
    co_await std::move(owned);
  } catch (const Cancelled&) {
  } catch (...) {
    if (!group->failure_) group->failure_ = std::current_exception();
  }
  group->ended();
}

void TaskGroup::ended() noexcept {
  if (--size_ == 0) joiners_.wake_all();
}

Task<> TaskGroup::join() {
  bool cancelled = false;
  while (size_ > 0) {
    try {
      co_await joiners_.wait();
    } catch (const Cancelled&) {
      cancelled = true;
    }
    if (!cancelled) continue;
    scope_.cancel();
    while (size_ > 0) co_await joiners_.wait_to_the_end();
  }
  if (cancelled) throw Cancelled();
  rethrow();
}

Task<> TaskGroup::close() {
  scope_.cancel();
  while (size_ > 0) co_await joiners_.wait_to_the_end();
  rethrow();
}

void TaskGroup::rethrow() {
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

}  // namespace postern
