// queue/store/queue.h: the durable queue as one worker sees it. Keys and states: queue/README.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/async/loop.h"
#include "core/async/task.h"
#include "core/redis/connection.h"
#include "queue/model/message.h"
#include "queue/model/node.h"

namespace postern {
class ThreadPool;
}

namespace postern::queue {

/// The queue cannot be used as it is: a setting that loses mail, or a Redis that came back empty.
class QueueRefused : public IoError {
 public:
  using IoError::IoError;
};

/// One for each worker, on its loop. Methods throw IoError when Redis is away: say 451.
class Queue {
 public:
  struct Settings {
    redis::Url redis;
    std::filesystem::path spool;
    unsigned worker = 0;
    unsigned in_flight_per_hop =
        100;      ///< deliveries of one next hop leased at a time, by all nodes
    Facts facts;  ///< hear what the scripts stored, when Redis has answered
  };
  /// `blocking` runs file work. All of them outlive the queue.
  Queue(Loop& loop, Node& node, ThreadPool& blocking, Settings settings);
  ~Queue();  // after stop()
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  /// Connects; returns when Redis has answered, its settings are safe, and what this worker held
  /// before a restart is ready again. Throws QueueRefused for settings that lose mail, IoError
  /// when Redis does not answer in `wait`.
  Task<> start(std::chrono::milliseconds wait = std::chrono::seconds(30));
  Task<> stop();
  /// Empty when all is well, else what is wrong, for /readyz and `status`.
  std::string trouble() const;

  /// When it returns, the message is on disk. `lease_now`: its deliveries are ours to try, but
  /// those whose next hop has enough in flight: they, or all, are ready for whoever claims first.
  /// When it throws, the message will not be delivered: a commit whose answer was lost is
  /// abandoned. Of a body in the spool the file is removed when it is not committed.
  Task<std::expected<std::vector<Lease>, CommitError>> commit(NewMessage message,
                                                              bool lease_now = true);
  Task<std::optional<QueueId>> find_by_key(std::string account, std::string idempotency_key);

  /// At most `max` deliveries that are due, fair over next hops. Empty: nothing to do now.
  Task<std::vector<Lease>> claim(std::size_t max);
  /// Ends recipients, and puts off or puts back the others. Repeated until Redis answers, so that
  /// what was delivered is not tried again.
  Task<SettleResult> settle(Lease lease, Settlement settlement);
  /// At shutdown: from `wait` on, a settle that Redis does not answer throws IoError.
  void give_up_after(std::chrono::milliseconds wait);

  Task<std::optional<MessageRow>> show(QueueId id);
  /// Kept for a week after completion, within bounds.
  Task<std::optional<Timeline>> history(QueueId id);
  /// Of what is in the queue and what history keeps, the newest `limit`, oldest first. Looks at
  /// every message, in bounded batches: seconds, for hundreds of thousands.
  Task<std::vector<Timeline>> search(Sought sought, std::size_t limit);
  /// The bytes of a message that is in the queue.
  Task<std::optional<Body>> body(QueueId id);

  struct Page {
    std::vector<MessageRow> rows;
    std::optional<QueueId> next;  ///< continue after this; none: that was all
  };
  /// Looks at one bounded batch of messages after `after`, oldest first: `rows` may be empty and
  /// `next` set.
  Task<Page> list(Filter filter, std::optional<QueueId> after, std::size_t batch = 200);
  /// The whole listing, at most `limit` (0: all).
  Task<std::vector<MessageRow>> list_all(Filter filter, std::size_t limit = 0);
  Task<ActionResult> apply(Action action, QueueId id);
  Task<Counts> counts();

  // For Heartbeat:
  struct Beat {
    WallTime now;                                              ///< queue time
    std::vector<std::pair<std::string, std::int64_t>> owners;  ///< with their counters
  };
  Task<Beat> beat(bool memory_is_short);
  /// Makes ready all that a dead owner held; gives how many.
  Task<std::size_t> take_over(std::string owner);
  Task<std::uint64_t> memory_used();
  /// Commits are refused while a setting of the running Redis would lose mail.
  Task<> check_settings();
  /// Moves bodies of messages that wait from Redis to the spool, one bounded batch; gives how many
  /// there were to look at.
  Task<std::size_t> shelve_bodies();
  /// Looks at the next few thousand spool files, and removes those that are older than `age` and
  /// that no message owns; gives how many.
  Task<std::size_t> sweep_spool(std::chrono::seconds age = std::chrono::hours(24));
  /// Counts the connects: after each, other nodes' deaths are judged afresh.
  std::uint64_t connects() const;
  Loop& loop() const;
  Node& node() const;
  ThreadPool& blocking() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace postern::queue
