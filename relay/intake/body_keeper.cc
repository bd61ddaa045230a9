// relay/intake/body_keeper.cc: memory first, then the spool.
#include "relay/intake/body_keeper.h"

#include <atomic>

#include "core/assert.h"

namespace postern::relay {
namespace {

constexpr std::uint64_t memory_of_all = 64 << 20;  // over this, messages go to the spool sooner
std::atomic<std::uint64_t> in_memory{0};           // of all sessions of this process

}  // namespace

BodyKeeper::~BodyKeeper() { in_memory -= counted_; }

void BodyKeeper::count(std::size_t octets) {
  in_memory += octets - counted_;  // unsigned: wraps to the right sum
  counted_ = octets;
}

void BodyKeeper::drop() {
  head_.clear();
  pending_ = {};
  spool_.reset();
  count(0);
}

void BodyKeeper::set_head(std::string head) {
  head_ = std::move(head);
  count(head_.size());
}

bool BodyKeeper::is_crowded() const {
  return head_.size() + pending_.size() > queue::largest_in_redis || in_memory > memory_of_all;
}

Task<> BodyKeeper::write(std::string_view octets) {
  pending_ += octets;
  size_ += octets.size();
  count(head_.size() + pending_.size());
  if (is_crowded()) co_await spill();
}

Task<> BodyKeeper::spill() {
  co_await offload(place_.pool, [this] {
    if (!spool_) {
      spool_.emplace(place_.folder, id_, place_.writer);
      spool_->write(head_);
    }
    spool_->write(pending_);
  });
  pending_.clear();
  count(head_.size());
}

Task<queue::Body> BodyKeeper::finish(std::string head) {
  POSTERN_ASSERT(head.size() == head_.size());
  if (!spool_) co_return queue::Body::in_memory(std::move(head) + pending_);
  co_await spill();
  co_return co_await offload(place_.pool, [&] {
    spool_->rewrite_start(head);
    return spool_->finish();
  });
}

}  // namespace postern::relay
