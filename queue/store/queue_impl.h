// queue/store/queue_impl.h: what the files of the queue share: its connection, and what is not
// finished.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/async/sync.h"
#include "core/async/task_group.h"
#include "core/async/thread_pool.h"
#include "queue/spool/spool.h"
#include "queue/store/queue.h"
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
  std::string generation, refusal;
  std::vector<std::pair<QueueId, Body>> in_doubt;  // commits whose answer was lost
  postern::Event doubt;
  std::size_t settling = 0;
  std::optional<std::chrono::steady_clock::time_point> give_up_at;  // settles, at shutdown
  unsigned replicas = 0;  // of Redis, when it was last asked
  bool stopping = false;
  std::uint64_t claims = 0, claims_answered = 0;  // the last one made, and the last one known here
  SpoolWalk sweep;
  unsigned shelved = 0;  // batches that shelve_bodies has written

  Impl(Loop& its_loop, Node& its_node, ThreadPool& pool, Settings its_settings);

  // greeting.cc
  Task<> greet();
  [[noreturn]] void refuse(std::string why);
  Task<std::vector<std::string>> read_settings(bool greeting);
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
};

}  // namespace postern::queue
