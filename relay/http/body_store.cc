// relay/http/body_store.cc: small bodies are collected in memory, large ones in files that the pool
// writes.
#include "relay/http/body_store.h"

#include <algorithm>

#include "core/async/loop.h"
#include "core/async/offload.h"
#include "core/async/timer.h"

namespace postern::http {
namespace {

/// One may transform a large body while the other writes those that arrive.
constexpr unsigned threads = 2;
constexpr std::size_t longest_queue = 10'000;  // jobs
constexpr std::chrono::milliseconds glance{20};

}  // namespace

BodyStore::BodyStore(const std::filesystem::path& folder, BodyBounds bounds)
    : folder_(folder.string()),
      arriving_(bounds.arriving),
      files_(bounds.files),
      work_(bounds.work),
      pool_(threads, longest_queue) {}

/// Looked at now and then: who gives room back may do so on any thread.
Task<std::optional<Budget::Share>> BodyStore::room_for_work(std::string holder,
                                                            std::uint64_t octets,
                                                            std::chrono::milliseconds patience) {
  const auto deadline = Loop::current().now() + patience;
  Budget::Share share = work_.share_of(std::move(holder));
  while (!share.grow(octets)) {
    if (Loop::current().now() >= deadline) co_return std::nullopt;
    co_await sleep_for(glance);
  }
  co_return share;
}

/// To take down a large file takes milliseconds, which are not the loop's.
std::shared_ptr<BodyFile> BodyStore::make_file() {
  return {new BodyFile(folder_), [this](BodyFile* file) {
            if (!pool_.submit([file] { delete file; })) delete file;
          }};
}

IncomingBody::IncomingBody(BodyStore& store, const std::string& holder)
    : store_(store),
      memory_(store.arriving().share_of(holder)),
      disk_(store.files().share_of(holder)) {}

bool IncomingBody::begin(std::optional<std::uint64_t> length) {
  return memory_.grow(std::min<std::uint64_t>(length.value_or(memory_limit), memory_limit));
}

Task<bool> IncomingBody::add(std::string_view octets) {
  block_ += octets;
  if (block_.size() <= memory_limit) co_return true;
  co_return co_await spill();
}

Task<bool> IncomingBody::spill() {
  if (!disk_.grow(block_.size())) co_return false;
  co_await offload(store_.pool(), [this] {
    if (!file_) file_ = store_.make_file();
    file_->add(block_);
  });
  block_.clear();
  co_return true;
}

Task<Body> IncomingBody::finish() {
  if (!file_) {
    co_return Body(std::move(block_), nullptr,
                   std::make_shared<const Budget::Share>(std::move(memory_)));
  }
  // Of what was let in: the last piece of it is less than a block.
  co_await offload(store_.pool(), [this] {
    file_->add(block_);
    file_->map();
  });
  memory_ = {};
  co_return Body({}, std::move(file_), std::make_shared<const Budget::Share>(std::move(disk_)));
}

}  // namespace postern::http
