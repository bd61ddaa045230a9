// queue/store/greeting.cc: what a connection says first: is this Redis safe, is it ours, and what
// did we hold.
#include "core/async/offload.h"
#include "core/log.h"
#include "queue/spool/identity.h"
#include "queue/store/codec.h"
#include "queue/store/queue_impl.h"
#include "queue/store/settings_check.h"
#include "queue/store/wire.h"

namespace postern::queue {

namespace {

constexpr std::size_t reclaim_batch = 500;

/// A connection that is not the newest of its worker, a Redis that was emptied or replaced, or that
/// became a replica.
bool is_of_another_queue(std::string_view code) { return code == "STALE" || code == "READONLY"; }

std::string would_lose_mail(const SettingsFound& found) {
  return "Redis would lose mail: " + found.mistakes.front();
}

}  // namespace

Task<> Queue::Impl::greet() {
  const SettingsFound found = co_await read_settings(true);
  if (!found.mistakes.empty()) refuse(Doubt::settings, would_lose_mail(found));
  node.doubts().set(Doubt::settings, found.shortage);
  co_await take_generation();
  node.doubts().set(Doubt::epoch, {});
  refusal.clear();
  co_await look_at_spool(true);
  co_await abandon_doubts(true);
}

void Queue::Impl::refuse(Doubt about, std::string why) {
  node.doubts().set(about, why);
  refusal = std::move(why);
  throw QueueRefused(refusal);
}

Task<redis::Reply> Queue::Impl::run(const redis::Script& script, redis::Arguments arguments,
                                    redis::Haste haste) {
  try {
    co_return co_await redis.run(script, std::move(arguments), haste);
  } catch (const redis::ReplyError& error) {
    if (is_of_another_queue(error.code())) {
      log::warn("redis_changed", {{"says", error.what()}});
      redis.reconnect(error.what());
    }
    throw;
  }
}

Task<redis::Reply> Queue::Impl::run_now(bool greeting, const redis::Script& script,
                                        redis::Arguments arguments) {
  return greeting ? redis.run_in_greeting(script, std::move(arguments))
                  : run(script, std::move(arguments));
}

Task<SettingsFound> Queue::Impl::read_settings(bool greeting) {
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
  const auto count = [&](std::string_view name) {
    return static_cast<unsigned>(info_number(replication.text, name));
  };
  node.set_replicas(count("connected_slaves"));
  co_return SettingsFound{unsafe_settings(found, node.replicas()),
                          missing_replicas(found, count("min_slaves_good_slaves"))};
}

/// The first spool that ever came to this queue is its own.
Task<> Queue::Impl::look_at_spool(bool greeting) {
  redis::Reply known = co_await run_now(greeting, verbs().spool, {""});
  const bool is_first = known.text.empty();
  const std::string found = co_await offload(blocking, [&] {
    return is_first ? mark_spool(settings.spool, Node::propose_epoch())
                    : spool_identity(settings.spool);
  });
  if (is_first) known = co_await run_now(greeting, verbs().spool, {found});
  spool_id = known.text;
  const std::string folder = settings.spool.string();
  node.doubts().set(Doubt::spool, found == spool_id
                                      ? ""
                                      : folder +
                                            " is not the spool of this queue (if it "
                                            "is meant to be, write " +
                                            spool_id + " into " + folder + "/.identity)");
}

/// Asked of the folder itself, now.
Task<bool> Queue::Impl::spool_is_ours() {
  const std::string found =
      co_await offload(blocking, [this] { return spool_identity(settings.spool); });
  co_return found == spool_id;
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
    refuse(Doubt::epoch, trouble.substr(trouble.find(' ') + 1) +
                             " (if that is meant to be, remove " +
                             (node.data_dir() / "queue.epoch").string() + ")");
  }
  if (reply.at(1).text != known) {
    co_await offload(blocking, [&] { node.remember_epoch(reply.at(1).text); });
  }
  epoch = reply.at(1).text;
  generation = std::to_string(reply.at(0).integer());
  // What this node held before it was restarted comes back at once. One of our name that was
  // elsewhere may be alive, and is judged like all others (heartbeat.h).
  for (const redis::Reply& owner : reply.at(2).items) {
    if (node.was_here(owner.text)) co_await take_over(owner.text, true);
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
    const redis::Reply reply = co_await run_now(greeting, verbs().reclaim, std::move(arguments));
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
  const SettingsFound found = co_await impl_->read_settings(false);
  impl_->node.doubts().set(Doubt::settings,
                           found.mistakes.empty() ? found.shortage : would_lose_mail(found));
}

Task<> Queue::check_spool() { co_await impl_->look_at_spool(false); }

}  // namespace postern::queue
