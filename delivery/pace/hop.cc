// delivery/pace/hop.cc: the window of a next hop: grows on success, halves on trouble; who waits in
// line.
#include "delivery/pace/hop.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/assert.h"

namespace postern::delivery {
Hop::Hop(std::size_t window) : window_(static_cast<double>(std::max<std::size_t>(1, window))) {}

Hop::Slot::Slot(std::shared_ptr<Hop> hop) : hop_(std::move(hop)) { ++hop_->active_; }
Hop::Slot::~Slot() {
  --hop_->active_;
  hop_->waiting_.wake_one();
}

Task<> Hop::wait_for_place() {
  struct InLine {
    std::size_t& count;
    explicit InLine(std::size_t& all) : count(all) { ++count; }
    ~InLine() { --count; }
  };
  const InLine in_line(in_line_);
  while (!dead_why_ && static_cast<double>(active_) >= std::floor(window_))
    co_await waiting_.wait();
}

void Hop::went_well(std::size_t most) {
  dead_why_.reset();
  window_ = std::min(window_ + 1 / window_, static_cast<double>(std::max<std::size_t>(1, most)));
  waiting_.wake_one();
}

void Hop::press_less() { window_ = std::max(1.0, window_ / 2); }

void Hop::went_dead(Verdict why, Clock::time_point until) {
  POSTERN_ASSERT(why.kind == Verdict::Kind::deferred);  // it is told to mail that was never tried
  dead_why_ = std::move(why);
  dead_until_ = until;
  waiting_.wake_all();
}

std::optional<Verdict> Hop::why_dead(Clock::time_point now) const {
  return now < dead_until_ || active_ > 0 ? dead_why_ : std::nullopt;
}

void Hop::forget_trouble() {
  dead_until_ = {};
  dead_why_.reset();
}

std::unique_ptr<SmtpClient> Hop::take_idle(std::string_view place) {
  for (;;) {
    const auto found = std::ranges::find(idle_, place, &Idle::place);
    if (found == idle_.end()) return nullptr;
    std::unique_ptr<SmtpClient> client = std::move(found->client);
    idle_.erase(found);
    if (client->is_waiting()) return client;
  }
}

void Hop::keep_idle(std::string place, std::unique_ptr<SmtpClient> client, Clock::time_point now) {
  idle_.push_front({std::move(place), std::move(client), now});
}

Hop::Clients Hop::take_older(Clock::time_point since) {
  Clients old;
  while (!idle_.empty() && idle_.back().since <= since) {
    old.push_back(std::move(idle_.back().client));
    idle_.pop_back();
  }
  return old;
}

bool Hop::is_unused(Clock::time_point now, std::chrono::seconds memory) const {
  return idle_.empty() && (!dead_why_ || now >= dead_until_ + memory);
}

Hop::Clients Hop::take_all() { return take_older(Clock::time_point::max()); }

}  // namespace postern::delivery
