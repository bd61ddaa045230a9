// queue/queue.cc: the verbs of the queue's life, over one connection to Redis.
#include "queue/queue.h"

#include <openssl/sha.h>

#include <algorithm>

#include "core/async/offload.h"
#include "core/async/sync.h"
#include "core/async/task_group.h"
#include "core/async/timer.h"
#include "core/log.h"
#include "queue/codec.h"
#include "queue/settings_check.h"
#include "queue/spool.h"
#include "queue/verbs.h"

namespace postern::queue {

using std::chrono::milliseconds;

namespace {

constexpr std::size_t reclaim_batch = 500;
constexpr std::size_t bodies_per_claim = 4 * 1024 * 1024;  // bytes after which a claim is enough
constexpr milliseconds settle_pause{200};
constexpr std::chrono::seconds settle_grace{5};  // at stop, for answers that are under way
constexpr std::string_view local_prefix = "local:";

WallTime to_time(std::int64_t number) { return WallTime(milliseconds(number)); }

WallTime wall_now() { return std::chrono::system_clock::now(); }

/// Only the node whose mailbox it is may try a local delivery.
std::string lane_of(const std::string& next_hop, const Node& node) {
  return (next_hop.starts_with(local_prefix) ? node.name() : std::string()) + "|" + next_hop;
}

std::string next_hop_of(std::string_view lane) {
  return std::string(lane.substr(lane.find('|') + 1));
}

/// What a client chose never becomes a key of Redis as it is.
std::string idempotency_name(const std::string& account, const std::string& key) {
  if (key.empty()) return {};
  const std::string both = account + '\0' + key;
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(both.data()), both.size(), digest);
  std::string name;
  for (const unsigned char byte : digest) {
    constexpr std::string_view digits = "0123456789abcdef";
    name += digits[byte >> 4];
    name += digits[byte & 15];
  }
  return name;
}

/// The message as add_message of common.lua takes it.
void append_message(redis::Arguments& arguments, const NewMessage& message, const Node& node,
                    bool lease_now) {
  Event accepted{.at = wall_now(), .fact = "accepted"};
  accepted.address = message.client;
  arguments.push_back(text(message.id));
  arguments.push_back(encode_info(message, message.body.size()));
  const bool spooled = message.body.is_in_spool();
  arguments.push_back(spooled ? "s" : "r");
  arguments.push_back(spooled                       ? message.body.file().filename().string()
                      : message.body.is_in_memory() ? message.body.bytes()
                                                    : std::string());
  arguments.push_back(lease_now ? "1" : "0");
  arguments.push_back(encode_event(accepted));
  arguments.push_back(idempotency_name(message.account, message.idempotency_key));
  arguments.push_back(std::to_string(message.deliveries.size()));
  for (const NewDelivery& delivery : message.deliveries) {
    arguments.push_back(lane_of(delivery.next_hop, node));
    arguments.push_back(encode_recipients(delivery.recipients));
  }
}

/// What add_message leased to us.
std::vector<Lease> leases_of(const NewMessage& message) {
  std::vector<Lease> leases;
  for (const NewDelivery& delivery : message.deliveries) {
    Lease lease;
    static_cast<MessageInfo&>(lease) = message;
    lease.index = static_cast<unsigned>(leases.size());
    lease.fence = 1;
    lease.next_hop = delivery.next_hop;
    lease.created = wall_now();
    lease.recipients = delivery.recipients;
    lease.body = message.body;
    leases.push_back(std::move(lease));
  }
  return leases;
}

MessageRow parse_row(const redis::Reply& reply) {
  MessageRow row;
  const auto id = parse_queue_id(reply.at(0).text);
  if (!id) throw IoError("the queue holds an id that cannot be read");
  static_cast<MessageInfo&>(row) = decode_info(*id, reply.at(1).text).info;
  row.created = to_time(reply.at(2).integer());
  if (!reply.at(3).text.empty()) row.completed = to_time(reply.at(3).integer());
  for (const redis::Reply& item : reply.at(4).items) {
    DeliveryRow delivery;
    delivery.index = static_cast<unsigned>(item.at(0).integer());
    delivery.state = parse_state(item.at(1).text).value_or(State::ready);
    if (delivery.state == State::deferred) delivery.due = to_time(item.at(2).integer());
    delivery.attempts = static_cast<unsigned>(item.at(3).integer());
    delivery.next_hop = next_hop_of(item.at(4).text);
    delivery.recipients = decode_recipients(item.at(5).text);
    delivery.last_error = item.at(6).text;
    row.deliveries.push_back(std::move(delivery));
  }
  return row;
}

/// What a settlement tells the timeline.
std::vector<Event> events_of(const Lease& lease, const Settlement& settlement, bool some_open) {
  std::vector<Event> events;
  Event event{.at = wall_now()};
  event.delivery = lease.index;
  event.attempt = lease.attempts + 1;
  event.host = settlement.host;
  event.address = settlement.address;
  event.tls = settlement.tls;
  for (const Settlement::Done& done : settlement.done) {
    Event one = event;
    one.fact = name(done.outcome);
    one.recipient = lease.recipients[done.recipient].address.text();
    one.status = done.status.text();
    one.reply = done.reply;
    if (!done.remote_host.empty()) one.host = done.remote_host;
    events.push_back(std::move(one));
  }
  if (some_open && (settlement.retry_in || settlement.hold)) {
    event.fact = settlement.hold ? "held" : settlement.uncertain ? "uncertain" : "deferred";
    event.reply = settlement.last_error;
    events.push_back(std::move(event));
  }
  return events;
}

/// A settle that goes on when its caller has left.
struct Settling {
  postern::Event over;
  SettleResult result;
  std::exception_ptr failure;
};

}  // namespace

struct Queue::Impl {
  Loop& loop;
  Node& node;
  ThreadPool& blocking;
  Settings settings;
  redis::Connection redis;

  TaskGroup background;
  std::string generation, refusal;
  std::vector<std::pair<QueueId, Body>> in_doubt;  // commits whose answer was lost
  postern::Event doubt;
  std::size_t settling = 0;
  bool stopping = false;

  Impl(Loop& its_loop, Node& its_node, ThreadPool& pool, Settings its_settings)
      : loop(its_loop),
        node(its_node),
        blocking(pool),
        settings(std::move(its_settings)),
        redis(loop, settings.redis, verbs().all(),
              [this](redis::Connection&) -> Task<> { return greet(); }) {}

  Task<redis::Reply> run(const redis::Script& verb, redis::Arguments arguments) {
    return redis.run(verb, std::move(arguments));
  }

  // --- the first words of a connection

  Task<> greet() {
    const std::vector<std::string> mistakes = co_await read_settings(true);
    if (!mistakes.empty()) refuse("Redis would lose mail: " + mistakes.front());
    co_await take_generation();
    if (!refusal.empty()) log::info("queue_accepted_again", {});
    refusal.clear();
    co_await abandon_doubts(true);
  }

  [[noreturn]] void refuse(std::string why) {
    if (refusal != why) log::error("queue_refused", {{"reason", why}});
    refusal = std::move(why);
    throw QueueRefused(refusal);
  }

  Task<std::vector<std::string>> read_settings(bool greeting) {
    RedisSettings found;
    for (const char* name :
         {"appendonly", "appendfsync", "no-appendfsync-on-rewrite", "maxmemory-policy"}) {
      redis::Arguments command{"CONFIG", "GET", name};
      const redis::Reply reply = greeting ? co_await redis.call_in_greeting(std::move(command))
                                          : co_await redis.call(std::move(command));
      if (reply.items.size() == 2) found.emplace_back(reply.at(0).text, reply.at(1).text);
    }
    co_return unsafe_settings(found);
  }

  Task<> take_generation() {
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

  Task<std::size_t> take_over(std::string owner, bool greeting) {
    std::size_t total = 0;
    for (;;) {
      redis::Arguments arguments{owner, std::to_string(reclaim_batch),
                                 encode_event({.at = wall_now(), .fact = "uncertain"})};
      const redis::Reply reply =
          greeting ? co_await redis.run_in_greeting(verbs().reclaim, std::move(arguments))
                   : co_await run(verbs().reclaim, std::move(arguments));
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

  // --- commits in doubt

  Task<> abandon_doubts(bool greeting) {
    while (!in_doubt.empty()) {
      const auto [id, body] = in_doubt.back();
      redis::Arguments arguments{text(id)};
      const redis::Reply reply =
          greeting ? co_await redis.run_in_greeting(verbs().abandon, std::move(arguments))
                   : co_await run(verbs().abandon, std::move(arguments));
      std::erase_if(in_doubt, [&](const auto& one) { return one.first == id; });
      if (reply.integer() == 1 && body.is_in_spool()) {
        co_await offload(blocking, [&] { remove_spooled(body); });
      }
    }
  }

  /// For callers that left while the connection held: a broken one is dealt with by its greeting.
  Task<> watch_doubts() {
    for (;;) {
      co_await doubt.wait();
      doubt.reset();
      try {
        co_await abandon_doubts(false);
      } catch (const IoError&) {
      }
    }
  }

  // --- bodies

  /// Large bodies go to the spool, and each message has a file of its own.
  Task<> prepare_body(NewMessage& message) {
    const Body& body = message.body;
    if (!body.is_in_spool() && body.size() <= largest_in_redis) co_return;
    Body stored = co_await offload(
        blocking, [&] { return spooled_for(body, settings.spool, message.id, node.writer()); });
    // The first attempt starts from the bytes in memory; what lies in the spool is for later ones.
    message.body = std::move(stored);
  }

  Task<> remove_file(std::string file) {
    if (file.empty()) co_return;
    const Body body = Body::in_spool(settings.spool / file, 0);
    co_await offload(blocking, [&] { remove_spooled(body); });
  }

  Body stored_body(const redis::Reply& kind, const redis::Reply& value, std::uint64_t bytes) const {
    if (kind.text == "s") return Body::in_spool(settings.spool / value.text, bytes);
    return Body::in_memory(value.text);
  }

  // --- settle

  Task<> settle_in_background(std::shared_ptr<Settling> settling_state, Lease lease,
                              Settlement settlement) {
    std::string file;
    try {
      file = co_await settle_until_answered(*settling_state, lease, settlement);
    } catch (const std::exception&) {
      settling_state->failure = std::current_exception();
    }
    --settling;
    settling_state->over.set();
    try {
      co_await remove_file(std::move(file));
    } catch (const IoError&) {
      // The sweep finds it.
    }
  }

  /// Gives the spool file that nobody owns any more.
  Task<std::string> settle_until_answered(Settling& state, const Lease& lease,
                                          Settlement& settlement) {
    if (settlement.report) co_await prepare_body(*settlement.report);
    for (;;) {
      redis::Reply reply;
      bool answered = false;
      try {
        reply = co_await run(verbs().settle, settle_arguments(lease, settlement));
        answered = true;
      } catch (const redis::ReplyError&) {
        throw;
      } catch (const IoError&) {
        if (stopping) throw;
      }
      if (!answered) {
        co_await sleep_for(settle_pause);
        continue;
      }
      const std::string& word = reply.at(0).text;
      if (word == "exists") {  // by chance another message has the report's id
        settlement.report->id = make_queue_id(wall_now());
        co_await prepare_body(*settlement.report);
        continue;
      }
      state.result.ours = word != "lost";
      if (state.result.ours && settlement.report) {
        state.result.report = leases_of(*settlement.report);
      }
      co_return reply.at(1).text;
    }
  }

  redis::Arguments settle_arguments(const Lease& lease, const Settlement& settlement) const {
    std::vector<mail::Recipient> open;
    for (std::size_t i = 0; i < lease.recipients.size(); ++i) {
      const bool ended = std::ranges::any_of(settlement.done,
                                             [&](const auto& done) { return done.recipient == i; });
      if (!ended) open.push_back(lease.recipients[i]);
    }
    const char* const mode = open.empty()          ? "done"
                             : settlement.hold     ? "hold"
                             : settlement.retry_in ? "defer"
                                                   : "back";
    const milliseconds wait = settlement.retry_in.value_or(milliseconds(0));
    redis::Arguments arguments{node.writer(),
                               text(lease.id),
                               std::to_string(lease.index),
                               std::to_string(lease.fence),
                               mode,
                               std::to_string(std::max<std::int64_t>(0, wait.count())),
                               encode_recipients(open),
                               settlement.last_error.substr(0, 512),
                               settlement.warned || lease.warned ? "1" : "0"};
    const std::vector<Event> events = events_of(lease, settlement, !open.empty());
    arguments.push_back(std::to_string(events.size()));
    for (const Event& event : events) arguments.push_back(encode_event(event));
    if (settlement.report) append_message(arguments, *settlement.report, node, true);
    return arguments;
  }

  Lease parse_lease(const redis::Reply& item, std::int64_t now) const {
    const auto id = parse_queue_id(item.at(0).text);
    if (!id) throw IoError("the queue holds an id that cannot be read");
    StoredInfo stored = decode_info(*id, item.at(5).text);
    Lease lease;
    static_cast<MessageInfo&>(lease) = std::move(stored.info);
    lease.index = static_cast<unsigned>(item.at(1).integer());
    lease.fence = static_cast<std::uint64_t>(item.at(2).integer());
    lease.attempts = static_cast<unsigned>(item.at(3).integer());
    const std::int64_t created = item.at(4).integer();
    lease.created = to_time(created);
    lease.age = milliseconds(std::max<std::int64_t>(0, now - created));
    lease.recipients = decode_recipients(item.at(6).text);
    lease.next_hop = next_hop_of(item.at(7).text);
    lease.last_error = item.at(8).text;
    lease.warned = item.at(9).text == "1";
    lease.bounce = item.at(10).text == "bounce";
    lease.body = stored_body(item.at(11), item.at(12), stored.bytes);
    return lease;
  }
};

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

Task<std::expected<std::vector<Lease>, CommitError>> Queue::commit(NewMessage message,
                                                                   bool lease_now) {
  POSTERN_ASSERT(!message.deliveries.empty());
  Impl& impl = *impl_;
  const Body given = message.body;
  std::optional<CommitError> refused;
  std::exception_ptr failure;
  bool in_doubt = false;
  try {
    if (!impl.refusal.empty()) throw QueueRefused(impl.refusal);
    if (impl.node.is_full()) {
      refused = CommitError::full;
    } else {
      co_await impl.prepare_body(message);
      redis::Arguments arguments{impl.node.writer(), std::to_string(impl.settings.worker),
                                 impl.generation};
      append_message(arguments, message, impl.node, lease_now);
      in_doubt = true;
      const redis::Reply reply = co_await impl.run(verbs().commit, std::move(arguments));
      in_doubt = false;
      if (reply.at(0).text == "duplicate") refused = CommitError::duplicate;
    }
  } catch (const redis::ReplyError& error) {
    in_doubt = false;
    if (error.code() == "OOM") {
      refused = CommitError::full;
    } else {
      failure = std::current_exception();
    }
  } catch (const redis::Away&) {
    in_doubt = false;
    failure = std::current_exception();
  } catch (...) {  // the connection broke, or the session is being cancelled
    failure = std::current_exception();
  }
  if (!refused && !failure) {
    if (!lease_now) co_return std::vector<Lease>();
    if (given.is_in_memory()) message.body = given;
    co_return leases_of(message);
  }
  if (in_doubt) {
    impl.in_doubt.emplace_back(message.id, message.body);
    impl.doubt.set();
  } else if (message.body.is_in_spool()) {
    remove_spooled(message.body);  // an unlink; not offloaded, for the scope may be cancelled
  }
  if (failure) std::rethrow_exception(failure);
  co_return std::unexpected(*refused);
}

Task<std::optional<QueueId>> Queue::find_by_key(std::string account, std::string key) {
  const redis::Reply reply =
      co_await impl_->redis.call({"GET", "q:k:" + idempotency_name(account, key)});
  co_return parse_queue_id(reply.text);
}

Task<std::vector<Lease>> Queue::claim(std::size_t max) {
  Impl& impl = *impl_;
  const redis::Reply reply =
      co_await impl.run(verbs().claim, {impl.node.writer(), impl.node.name(), std::to_string(max),
                                        std::to_string(impl.settings.in_flight_per_hop),
                                        std::to_string(bodies_per_claim)});
  std::vector<Lease> leases;
  for (const redis::Reply& item : reply.at(1).items) {
    leases.push_back(impl.parse_lease(item, reply.at(0).integer()));
  }
  co_return leases;
}

Task<SettleResult> Queue::settle(Lease lease, Settlement settlement) {
  if (impl_->stopping) throw IoError("the queue is closing");
  const auto state = std::make_shared<Settling>();
  ++impl_->settling;
  impl_->background.spawn(
      impl_->settle_in_background(state, std::move(lease), std::move(settlement)));
  co_await state->over.wait();
  if (state->failure) std::rethrow_exception(state->failure);
  co_return std::move(state->result);
}

Task<std::optional<MessageRow>> Queue::show(QueueId id) {
  auto timeline = co_await history(id);
  if (!timeline) co_return std::nullopt;
  co_return std::move(*timeline);
}

Task<std::optional<Timeline>> Queue::history(QueueId id) {
  const redis::Reply reply = co_await impl_->run(verbs().show, {text(id)});
  if (reply.items.empty()) co_return std::nullopt;
  Timeline timeline;
  static_cast<MessageRow&>(timeline) = parse_row(reply.at(0));
  for (const redis::Reply& event : reply.at(1).items) {
    timeline.events.push_back(decode_event(event.text));
  }
  co_return timeline;
}

Task<std::optional<Body>> Queue::body(QueueId id) {
  const redis::Reply reply = co_await impl_->run(verbs().show, {text(id)});
  if (reply.items.empty() || !reply.at(0).at(3).text.empty()) co_return std::nullopt;
  if (const std::string& file = reply.at(2).text; !file.empty()) {
    const std::uint64_t bytes = decode_info(id, reply.at(0).at(1).text).bytes;
    co_return Body::in_spool(impl_->settings.spool / file, bytes);
  }
  redis::Reply bytes = co_await impl_->redis.call({"GET", "q:b:" + text(id)});
  if (bytes.is_nil()) co_return std::nullopt;
  co_return Body::in_memory(std::move(bytes.text));
}

Task<Queue::Page> Queue::list(Filter filter, std::optional<QueueId> after, std::size_t batch) {
  const redis::Reply reply = co_await impl_->run(
      verbs().list, {after ? text(*after) : std::string(), std::to_string(batch)});
  Page page;
  for (const redis::Reply& item : reply.at(0).items) {
    MessageRow row = parse_row(item);
    if (filter.matches(row)) page.rows.push_back(std::move(row));
  }
  page.next = parse_queue_id(reply.at(1).text);
  co_return page;
}

Task<std::vector<MessageRow>> Queue::list_all(Filter filter, std::size_t limit) {
  std::vector<MessageRow> rows;
  std::optional<QueueId> after;
  do {
    Page page = co_await list(filter, after);
    for (MessageRow& row : page.rows) {
      rows.push_back(std::move(row));
      if (limit != 0 && rows.size() == limit) co_return rows;
    }
    after = page.next;
  } while (after);
  co_return rows;
}

Task<ActionResult> Queue::apply(Action action, QueueId id) {
  struct Row {
    const redis::Script& verb;
    const char* fact;
  };
  const Verbs& all = verbs();
  const Row table[] = {{all.retry, "retried"},
                       {all.hold, "held"},
                       {all.release, "released"},
                       {all.remove, "removed"},
                       {all.bounce, "returned"}};
  const Row& row = table[static_cast<std::size_t>(action)];
  const redis::Reply reply =
      co_await impl_->run(row.verb, {text(id), encode_event({.at = wall_now(), .fact = row.fact})});
  co_await impl_->remove_file(reply.at(3).text);
  co_return ActionResult{reply.at(0).integer() == 1, static_cast<unsigned>(reply.at(1).integer()),
                         static_cast<unsigned>(reply.at(2).integer())};
}

Task<Counts> Queue::counts() {
  const redis::Reply reply = co_await impl_->run(verbs().counts, {});
  const auto number = [&](std::size_t i) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, reply.at(i).integer()));
  };
  co_return Counts{number(0), number(1), number(2), number(3), number(4)};
}

Task<Queue::Beat> Queue::beat(bool memory_is_short) {
  const redis::Reply reply =
      co_await impl_->run(verbs().heartbeat, {impl_->node.writer(), memory_is_short ? "1" : "0"});
  Beat beat{.now = to_time(reply.at(0).integer())};
  const std::vector<redis::Reply>& owners = reply.at(1).items;
  for (std::size_t i = 0; i + 1 < owners.size(); i += 2) {
    beat.owners.emplace_back(owners[i].text, owners[i + 1].integer());
  }
  co_return beat;
}

Task<std::size_t> Queue::take_over(std::string owner) {
  co_return co_await impl_->take_over(std::move(owner), false);
}

Task<std::uint64_t> Queue::memory_used() {
  const redis::Reply reply = co_await impl_->redis.call({"INFO", "memory"});
  constexpr std::string_view word = "\nused_memory:";
  const std::size_t at = reply.text.find(word);
  if (at == std::string::npos) co_return 0;
  co_return std::strtoull(reply.text.c_str() + at + word.size(), nullptr, 10);
}

Task<> Queue::check_settings() {
  const std::vector<std::string> mistakes = co_await impl_->read_settings(false);
  const std::string why = mistakes.empty() ? "" : "Redis would lose mail: " + mistakes.front();
  if (!why.empty() && why != impl_->refusal) log::error("queue_refused", {{"reason", why}});
  impl_->refusal = why;
}

Task<std::size_t> Queue::sweep_spool(std::chrono::seconds age) {
  Impl& impl = *impl_;
  const std::vector<SpoolFile> files = co_await offload(impl.blocking, [&] {
    return old_spool_files(impl.settings.spool, age, std::filesystem::file_time_type::clock::now(),
                           1000);
  });
  std::size_t removed = 0;
  for (const SpoolFile& one : files) {
    const redis::Reply reply =
        co_await impl.redis.call({"HMGET", "q:m:" + text(one.id), "path", "done"});
    const std::string name = one.file.filename().string();
    if (reply.at(0).text == name && reply.at(1).is_nil()) continue;
    co_await impl.remove_file(name);
    ++removed;
  }
  co_return removed;
}

std::uint64_t Queue::connects() const { return impl_->redis.connects(); }
Loop& Queue::loop() const { return impl_->loop; }
Node& Queue::node() const { return impl_->node; }
ThreadPool& Queue::blocking() const { return impl_->blocking; }

}  // namespace postern::queue
