// core/async/cancel.cc: an intrusive list of waits for each scope; a cancellation empties it.
#include "core/async/cancel.h"

namespace postern {

CancelScope::CancelScope(CancelScope* parent) : parent_(parent) {
  if (parent_ == nullptr) return;
  if (parent_->cancelled_) {
    cancelled_ = true;
    parent_ = nullptr;
  } else {
    parent_->add(*this);
  }
}

CancelScope::~CancelScope() {
  if (parent_ != nullptr) parent_->remove(*this);
}

void CancelScope::cancel() noexcept {
  if (cancelled_) return;
  cancelled_ = true;
  if (parent_ != nullptr) parent_->remove(*this);
  parent_ = nullptr;
  while (first_ != nullptr) {
    Cancellable& wait = *first_;
    remove(wait);
    wait.on_cancel();  // schedules a resumption; never runs the coroutine here
  }
}

void CancelScope::add(Cancellable& wait) noexcept {
  wait.previous_ = nullptr;
  wait.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &wait;
  first_ = &wait;
}

void CancelScope::remove(Cancellable& wait) noexcept {
  (wait.previous_ != nullptr ? wait.previous_->next_ : first_) = wait.next_;
  if (wait.next_ != nullptr) wait.next_->previous_ = wait.previous_;
  wait.previous_ = wait.next_ = nullptr;
}

}  // namespace postern
