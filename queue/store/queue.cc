// queue/store/queue.cc: the life of the queue's connection. Its verbs: greeting.cc, commit.cc,
// settle.cc, bodies.cc, queries.cc.
#include "queue/store/queue.h"

#include "core/async/timer.h"
#include "queue/store/codec.h"
#include "queue/store/queue_impl.h"
#include "queue/store/wire.h"

namespace postern::queue {

using std::chrono::milliseconds;

namespace {

constexpr std::chrono::seconds settle_grace{5};  // at stop, for answers that are under way

}  // namespace

Queue::Impl::Impl(Loop& its_loop, Node& its_node, ThreadPool& pool, Settings its_settings)
    : loop(its_loop),
      node(its_node),
      blocking(pool),
      settings(std::move(its_settings)),
      redis(loop, settings.redis, verbs().all(),
            [this](redis::Connection&) -> Task<> { return greet(); }) {}

Queue::Queue(Loop& loop, Node& node, ThreadPool& blocking, Settings settings)
    : impl_(std::make_unique<Impl>(loop, node, blocking, std::move(settings))) {}

Queue::~Queue() = default;

Task<> Queue::start(milliseconds wait) {
  impl_->redis.start();
  impl_->background.spawn(impl_->watch_doubts());
  const auto until = impl_->loop.now() + wait;
  while (!impl_->redis.is_up()) {
    if (!impl_->refusal.empty()) throw QueueRefused(impl_->refusal);
    if (impl_->loop.now() > until) throw IoError("Redis is away: " + impl_->redis.trouble());
    co_await sleep_for(milliseconds(10));
  }
}

Task<> Queue::stop() {
  const auto until = impl_->loop.now() + settle_grace;
  while (impl_->settling > 0 && impl_->loop.now() < until) co_await sleep_for(milliseconds(10));
  impl_->stopping = true;
  co_await impl_->background.close();
  co_await impl_->redis.stop();
}

std::string Queue::trouble() const {
  return impl_->refusal.empty() ? impl_->redis.trouble() : impl_->refusal;
}

Task<Queue::Beat> Queue::beat(bool memory_is_short) {
  const redis::Reply reply = co_await impl_->redis.run(
      verbs().heartbeat, {impl_->node.writer(), memory_is_short ? "1" : "0"});
  Beat beat{.now = to_time(reply.at(0).integer())};
  const std::vector<redis::Reply>& owners = reply.at(1).items;
  for (std::size_t i = 0; i + 1 < owners.size(); i += 2) {
    beat.owners.emplace_back(owners[i].text, owners[i + 1].integer());
  }
  co_return beat;
}

std::uint64_t Queue::connects() const { return impl_->redis.connects(); }
Loop& Queue::loop() const { return impl_->loop; }
Node& Queue::node() const { return impl_->node; }
ThreadPool& Queue::blocking() const { return impl_->blocking; }

}  // namespace postern::queue
