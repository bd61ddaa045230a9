// mailbox/store/mailbox_maintenance.cc: work that deliveries and expunges put off.
#include <algorithm>

#include "core/async/timer.h"
#include "core/log.h"
#include "mailbox/store/mailbox.h"
#include "mailbox/store/mailbox_settings.h"

namespace postern::mailbox {

namespace {

// What was put off, such as the index, waits until the account has been quiet for a while, but not
// for ever.
constexpr std::chrono::milliseconds quiet_before_maintenance{2000};
constexpr std::chrono::minutes longest_delay_of_maintenance{5};
constexpr std::chrono::milliseconds pause_between_slices{20};

}  // namespace

void Mailbox::run_maintenance() {
  if (maintaining_ || closing_) return;
  maintaining_ = true;
  settings_->background.spawn(maintain(shared_from_this()));
}

Task<> Mailbox::maintain(std::shared_ptr<Mailbox> self) {
  try {
    const auto latest = Loop::current().now() + longest_delay_of_maintenance;
    co_await self->wait_until_quiet(latest);
    while (co_await self->maintain_a_slice()) {
      co_await sleep_for(pause_between_slices);
      co_await self->wait_until_quiet(latest);
    }
  } catch (const Cancelled&) {
  }
  self->maintaining_ = false;
}

Task<> Mailbox::wait_until_quiet(std::chrono::steady_clock::time_point latest) {
  for (;;) {
    const auto now = Loop::current().now();
    const auto quiet = std::min((writing_ ? now : last_write_) + quiet_before_maintenance, latest);
    if (quiet <= now) co_return;
    co_await sleep_for(std::chrono::ceil<std::chrono::milliseconds>(quiet - now));
  }
}

/// True when there is more to do. One account at a time: the others' commands need the processors.
Task<bool> Mailbox::maintain_a_slice() {
  const Mutex::Guard turn = co_await settings_->maintaining.lock();
  if (closing_) co_return false;
  if (writing_) co_return true;
  // Not by the queue of writes: it ends without leaving changes, and would call for itself again.
  writing_ = true;
  settled_.reset();
  const std::vector<ContentId> held(held_.begin(), held_.end());
  bool more = false, cancelled = false;
  try {
    co_await offload(settings_->pool, [&] { more = writer_->maintain(held); });
  } catch (const Cancelled&) {
    cancelled = true;
  } catch (const std::exception& error) {
    // A full disk, say: the next write calls again. Whatever it is, writes must not wait for ever.
    log::warn("mailbox_not_maintained", {{"account", account_}, {"error", error.what()}});
  }
  may_hold_dead_ = !held.empty();
  more = more || held_.size() < held.size();
  writing_ = false;
  settled_.set();
  if (!waiting_.empty()) {
    writing_ = true;
    settled_.reset();
    settings_->background.spawn(flush_writes(shared_from_this()));
  }
  if (cancelled) throw Cancelled();
  co_return more;
}

}  // namespace postern::mailbox
