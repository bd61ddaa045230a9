// queue/store/queue_impl.h: what the files of the queue share: its connection, and what is not
// finished.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/async/sync.h"
#include "core/async/task_group.h"
#include "core/async/thread_pool.h"
#include "queue/spool/spool.h"
#include "queue/store/queue.h"
#include "queue/store/settings_check.h"
#include "queue/store/verbs.h"

namespace postern::queue {

/// A settle that goes on when its caller has left.
struct Settling {
  postern::Event over;
  SettleResult result;
  std::exception_ptr failure;
};

struct Queue::Impl {
  Loop& loop;
  Node& node;
  ThreadPool& blocking;
  Settings settings;
  redis::Connection redis;

  TaskGroup background;
  std::string generation, epoch;  // of the connection, and of its Redis
  std::string refusal;            // why the last greeting ended
  std::string spool_id;           // of the spool that the queue knows
  std::optional<std::pair<std::int64_t, std::chrono::steady_clock::time_point>>
      last_beat;  // queue time in milliseconds, and when it was asked for
  std::vector<std::pair<QueueId, Body>> in_doubt;  // commits whose answer was lost
  postern::Event doubt;
  std::size_t settling = 0;
  std::optional<std::chrono::steady_clock::time_point> give_up_at;  // settles, at shutdown
  bool stopping = false;
  std::uint64_t claims = 0, claims_answered = 0;  // the last one made, and the last one known here
  SpoolWalk sweep, trash;
  unsigned shelved = 0;  // batches that shelve_bodies has written

  Impl(Loop& its_loop, Node& its_node, ThreadPool& pool, Settings its_settings);

  /// As the connection does; and leaves a Redis that is no longer what it was when it was greeted.
  Task<redis::Reply> run(const redis::Script& script, redis::Arguments arguments,
                         redis::Haste haste = redis::Haste::now);
  Task<redis::Reply> run_now(bool greeting, const redis::Script& script,
                             redis::Arguments arguments);

  // greeting.cc
  Task<> greet();
  [[noreturn]] void refuse(Doubt about, std::string why);
  Task<SettingsFound> read_settings(bool greeting);
  Task<> look_at_spool(bool greeting);
  Task<bool> spool_is_ours();
  Task<> take_generation();
  void tell_reclaimed(const std::vector<redis::Reply>& told);
  Task<std::size_t> take_over(std::string owner, bool greeting);

  // commit.cc
  Task<std::expected<std::string, CommitError>> store(const NewMessage& message, bool lease_now,
                                                      const std::vector<Fact>& facts);
  Task<> confirm_by_replica();
  void take_back(const NewMessage& message, bool is_in_doubt);
  Task<> abandon_doubts(bool greeting);
  Task<> watch_doubts();

  // settle.cc
  Task<> hold_unreadable(const redis::Reply& item, std::string why);
  Task<> do_not_hold_for_a_wrong_spool(const Lease& lease, Settlement& settlement);
  Task<> settle_in_background(std::shared_ptr<Settling> state, Lease lease, Settlement settlement);
  Task<std::optional<redis::Reply>> try_to_settle(const Lease& lease, Settlement& settlement,
                                                  WallTime now);
  Task<std::string> settle_until_answered(Settling& state, const Lease& lease,
                                          Settlement& settlement);

  // queries.cc
  Task<> search_in(std::string place, const Sought& sought, std::size_t limit,
                   std::map<std::string, Timeline>& found);

  // bodies.cc
  Task<> prepare_body(NewMessage& message);
  Task<> remove_file(std::string file);
  Task<std::size_t> sweep_batch_of(std::vector<SpoolFile> files);
};

}  // namespace postern::queue
