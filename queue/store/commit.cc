// queue/store/commit.cc: a message becomes ours, or its sender is told to come again.
#include "core/async/offload.h"
#include "queue/model/told.h"
#include "queue/spool/spool.h"
#include "queue/store/queue_impl.h"
#include "queue/store/wire.h"

namespace postern::queue {

namespace {

constexpr std::chrono::milliseconds replica_patience{3000};

}  // namespace

/// Runs the script. Gives what it leased to us, unless the idempotency key was used.
Task<std::expected<std::string, CommitError>> Queue::Impl::store(const NewMessage& message,
                                                                 bool lease_now,
                                                                 const std::vector<Fact>& facts) {
  redis::Arguments arguments{node.writer(), std::to_string(settings.worker), generation};
  append_message(arguments, message, node, lease_now ? settings.in_flight_per_hop : 0, facts);
  const redis::Reply reply = co_await redis.run(verbs().commit, std::move(arguments));
  const std::string& verdict = reply.at(0).text;
  if (verdict == "duplicate") co_return std::unexpected(CommitError::duplicate);
  if (verdict == "reused") co_return std::unexpected(CommitError::key_reused);
  if (replicas > 0) co_await confirm_by_replica();
  co_return reply.at(1).text;
}

/// A replica that took over without it would lose the message. Of settles none waits: lost, they
/// are made again. Whatever fails here throws a plain IoError: the commit is in doubt, and taken
/// back.
Task<> Queue::Impl::confirm_by_replica() {
  std::string why;
  try {
    const redis::Reply confirmed =
        co_await redis.call({"WAIT", "1", std::to_string(replica_patience.count())});
    if (confirmed.integer() >= 1) co_return;
  } catch (const IoError& error) {
    why = std::string(": ") + error.what();
  }
  throw IoError("no replica of Redis has confirmed the message" + why);
}

/// The client is told to come again. When the script may have run, its work is undone as soon as
/// Redis can be asked.
void Queue::Impl::take_back(const NewMessage& message, bool is_in_doubt) {
  if (is_in_doubt) {
    in_doubt.emplace_back(message.id, message.body);
    doubt.set();
  } else {
    remove_spooled(message.body);  // an unlink; not offloaded, for the scope may be cancelled
  }
}

Task<std::expected<std::vector<Lease>, CommitError>> Queue::commit(NewMessage message,
                                                                   bool lease_now) {
  POSTERN_ASSERT(!message.deliveries.empty());
  Impl& impl = *impl_;
  const Body given = message.body;
  const std::vector<Fact> facts = facts_of(message, wall_now());
  std::expected<std::string, CommitError> leased;
  std::optional<CommitError> refused;
  std::exception_ptr failure;
  bool in_doubt = false;
  try {
    if (!impl.refusal.empty()) throw QueueRefused(impl.refusal);
    if (impl.node.is_full()) {
      refused = CommitError::full;
    } else {
      co_await impl.prepare_body(message);
      in_doubt = true;
      leased = co_await impl.store(message, lease_now, facts);
      in_doubt = false;
      if (!leased) refused = leased.error();
    }
  } catch (const redis::ReplyError& error) {
    in_doubt = false;
    failure = std::current_exception();
    if (error.code() == "OOM") refused = CommitError::full;
  } catch (const redis::Away&) {
    in_doubt = false;
    failure = std::current_exception();
  } catch (...) {  // the connection broke, or the session is being cancelled
    failure = std::current_exception();
  }
  if (refused || failure) {
    impl.take_back(message, in_doubt);
    if (refused) co_return std::unexpected(*refused);
    std::rethrow_exception(failure);
  }
  if (given.is_in_memory()) message.body = given;
  impl.settings.facts.tell(facts);
  co_return leases_of(message, *leased);
}

Task<std::optional<QueueId>> Queue::find_by_key(std::string account, std::string key) {
  const redis::Reply reply =
      co_await impl_->redis.call({"GET", "q:k:" + idempotency_name(account, key)});
  co_return parse_queue_id(std::string_view(reply.text).substr(0, reply.text.find(' ')));
}

Task<> Queue::Impl::abandon_doubts(bool greeting) {
  while (!in_doubt.empty()) {
    const auto [id, body] = in_doubt.back();
    redis::Arguments arguments{text(id)};
    const redis::Reply reply =
        greeting ? co_await redis.run_in_greeting(verbs().abandon, std::move(arguments))
                 : co_await redis.run(verbs().abandon, std::move(arguments));
    std::erase_if(in_doubt, [&](const auto& one) { return one.first == id; });
    if (reply.integer() == 1 && body.is_in_spool()) {
      co_await offload(blocking, [&] { remove_spooled(body); });
    }
  }
}

/// For callers that left while the connection held: a broken one is dealt with by its greeting.
Task<> Queue::Impl::watch_doubts() {
  for (;;) {
    co_await doubt.wait();
    doubt.reset();
    try {
      co_await abandon_doubts(false);
    } catch (const IoError&) {
    }
  }
}

}  // namespace postern::queue
