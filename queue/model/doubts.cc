// queue/model/doubts.cc: doubts come and go for all workers at once.
#include "queue/model/doubts.h"

#include "core/log.h"

namespace postern::queue {

namespace {

constexpr std::size_t all = 3, those_that_refuse = 2;

void tell(Doubt about, const std::string& why) {
  const bool of_spool = about == Doubt::spool;
  if (why.empty()) {
    log::info(of_spool ? "spool_accepted_again" : "queue_accepted_again");
  } else {
    log::error(of_spool ? "spool_refused" : "queue_refused", {{"reason", why}});
  }
}

}  // namespace

void Doubts::set(Doubt about, const std::string& why) {
  if (why.empty() && count_.load(std::memory_order_acquire) == 0) return;
  const std::lock_guard lock(mutex_);
  std::string& present = why_[static_cast<std::size_t>(about)];
  if (present == why) return;
  if (present.empty()) ++count_;
  if (why.empty()) --count_;
  present = why;
  tell(about, why);
}

std::string Doubts::why(Doubt about) const {
  const std::lock_guard lock(mutex_);
  return why_[static_cast<std::size_t>(about)];
}

std::string Doubts::first_of(std::size_t most) const {
  if (count_.load(std::memory_order_acquire) == 0) return {};
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < most; ++i) {
    if (!why_[i].empty()) return why_[i];
  }
  return {};
}

std::string Doubts::refusal() const { return first_of(those_that_refuse); }
std::string Doubts::any() const { return first_of(all); }

}  // namespace postern::queue
