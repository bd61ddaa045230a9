// queue/store/greeting.cc: what a connection says first: is this Redis safe, is it ours, and what
// did we hold.
#include "core/async/offload.h"
#include "core/log.h"
#include "queue/store/codec.h"
#include "queue/store/queue_impl.h"
#include "queue/store/settings_check.h"
#include "queue/store/wire.h"

namespace postern::queue {

namespace {

constexpr std::size_t reclaim_batch = 500;

}  // namespace

Task<> Queue::Impl::greet() {
  const std::vector<std::string> mistakes = co_await read_settings(true);
  if (!mistakes.empty()) refuse("Redis would lose mail: " + mistakes.front());
  co_await take_generation();
  if (!refusal.empty()) log::info("queue_accepted_again", {});
  refusal.clear();
  co_await abandon_doubts(true);
}

void Queue::Impl::refuse(std::string why) {
  if (refusal != why) log::error("queue_refused", {{"reason", why}});
  refusal = std::move(why);
  throw QueueRefused(refusal);
}

Task<std::vector<std::string>> Queue::Impl::read_settings(bool greeting) {
  const auto ask = [&](redis::Arguments command) {
    return greeting ? redis.call_in_greeting(std::move(command)) : redis.call(std::move(command));
  };
  RedisSettings found;
  for (const char* name : {"appendonly", "appendfsync", "no-appendfsync-on-rewrite",
                           "maxmemory-policy", "min-replicas-to-write"}) {
    const redis::Reply reply = co_await ask({"CONFIG", "GET", name});
    if (reply.items.size() == 2) found.emplace_back(reply.at(0).text, reply.at(1).text);
  }
  const redis::Reply replication = co_await ask({"INFO", "replication"});
  replicas = static_cast<unsigned>(info_number(replication.text, "connected_slaves"));
  co_return unsafe_settings(found, replicas);
}

Task<> Queue::Impl::take_generation() {
  const std::string known = co_await offload(blocking, [this] { return node.epoch(); });
  std::string trouble;
  redis::Reply reply;
  try {
    reply = co_await redis.run_in_greeting(
        verbs().generation,
        {node.writer(), std::to_string(settings.worker), known, Node::propose_epoch()});
  } catch (const redis::ReplyError& error) {
    if (error.code() != "EMPTY" && error.code() != "OTHER") throw;
    trouble = error.what();
  }
  if (!trouble.empty()) {
    refuse(trouble.substr(trouble.find(' ') + 1) + " (if that is meant to be, remove " +
           (node.data_dir() / "queue.epoch").string() + ")");
  }
  if (reply.at(1).text != known) {
    const std::string epoch = reply.at(1).text;
    co_await offload(blocking, [this, &epoch] { node.remember_epoch(epoch); });
  }
  generation = std::to_string(reply.at(0).integer());
  // What this node held before it was restarted comes back at once.
  for (const redis::Reply& owner : reply.at(2).items) {
    if (owner.text == node.writer() || !owner.text.starts_with(node.name() + ".")) continue;
    co_await take_over(owner.text, true);
  }
}

/// Ids and facts in turn.
void Queue::Impl::tell_reclaimed(const std::vector<redis::Reply>& told) {
  for (std::size_t i = 0; i + 1 < told.size(); i += 2) {
    auto fact = decode_fact(told[i + 1].text);
    const auto id = parse_queue_id(told[i].text);
    if (!fact || !id) continue;
    fact->id = *id;
    settings.facts.tell(*fact);
  }
}

Task<std::size_t> Queue::Impl::take_over(std::string owner, bool greeting) {
  std::size_t total = 0;
  for (;;) {
    redis::Arguments arguments{owner, std::to_string(reclaim_batch),
                               encode_fact({.kind = FactKind::uncertain, .at = wall_now()})};
    const redis::Reply reply =
        greeting ? co_await redis.run_in_greeting(verbs().reclaim, std::move(arguments))
                 : co_await redis.run(verbs().reclaim, std::move(arguments));
    tell_reclaimed(reply.at(2).items);
    for (const redis::Reply& file : reply.at(1).items) co_await remove_file(file.text);
    const auto moved = static_cast<std::size_t>(reply.at(0).integer());
    total += moved;
    if (moved == 0) break;
  }
  if (total > 0) {
    log::info("leases_taken_over", {{"owner", owner}, {"deliveries", std::to_string(total)}});
  }
  co_return total;
}

Task<std::size_t> Queue::take_over(std::string owner) {
  co_return co_await impl_->take_over(std::move(owner), false);
}

Task<> Queue::check_settings() {
  const std::vector<std::string> mistakes = co_await impl_->read_settings(false);
  const std::string why = mistakes.empty() ? "" : "Redis would lose mail: " + mistakes.front();
  if (!why.empty() && why != impl_->refusal) log::error("queue_refused", {{"reason", why}});
  impl_->refusal = why;
}

}  // namespace postern::queue
