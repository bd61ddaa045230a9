// mailbox/store/mailbox_maintenance.cc: work that deliveries and expunges put off.
#include "mailbox/store/mailbox_inner.h"

#include "core/async/timer.h"

namespace postern::mailbox {

namespace {

// What was put off waits until the account has been quiet for a while, but not for ever.
constexpr std::chrono::milliseconds maintenance_look{200};
constexpr std::chrono::milliseconds maintenance_pause{20};
constexpr std::chrono::milliseconds quiet_before_maintenance{2000};
constexpr std::chrono::minutes longest_delay_of_maintenance{5};

}  // namespace

void Mailbox::run_maintenance() {
  if (maintaining_ || closing_) return;
  maintaining_ = true;
  settings_->background.spawn(maintain(shared_from_this()));
}

bool Mailbox::is_quiet() const {
  return !writing_ && Loop::current().now() - last_write_ >= quiet_before_maintenance;
}

// The index and the dead contents wait until the deliveries are through; slices let others between.
Task<> Mailbox::maintain(std::shared_ptr<Mailbox> self) {
  try {
    const auto latest = Loop::current().now() + longest_delay_of_maintenance;
    auto delay = maintenance_look;
    for (bool more = true; more && !self->closing_;) {
      co_await sleep_for(delay);
      delay = maintenance_look;
      if (!self->is_quiet() && Loop::current().now() < latest) continue;
      // One account at a time: the others' commands need the processors.
      const Mutex::Guard turn = co_await self->settings_->maintaining.lock();
      if (self->closing_) break;
      if (self->writing_) continue;
      delay = maintenance_pause;
      more = false;
      // Not by the queue of writes: it ends without leaving changes, and would call for itself
      // again.
      self->writing_ = true;
      self->settled_.reset();
      bool cancelled = false;
      try {
        co_await offload(self->settings_->pool, [&] { more = self->writer_->maintain(); });
      } catch (const Cancelled&) {
        cancelled = true;
      } catch (const IoError&) {  // a full disk: the next write calls again
      }
      self->writing_ = false;
      self->settled_.set();
      if (!self->waiting_.empty()) {
        self->writing_ = true;
        self->settled_.reset();
        self->settings_->background.spawn(flush_writes(self));
      }
      if (cancelled) break;
    }
  } catch (const Cancelled&) {
  }
  self->maintaining_ = false;
}

}  // namespace postern::mailbox
