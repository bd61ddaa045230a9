// mailbox/store/hub.h: the mailboxes of a worker, and of all workers.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/async/loop.h"
#include "core/async/offload.h"
#include "core/async/sync.h"
#include "core/async/task.h"
#include "core/async/task_group.h"
#include "core/net/stream.h"
#include "mailbox/store/mailbox.h"

namespace postern::mailbox {

/// The accounts of one worker's loop.
class AccountHub {
 public:
  struct Options {
    std::string folder;  // data_dir/mailboxes
    std::chrono::milliseconds close_after{60'000};
    std::size_t idle_limit = 256;                              // open databases that nobody uses
    std::chrono::seconds remember_deliveries{12 * 24 * 3600};  // queue.expire and a week
  };
  /// `pool` and `indexer` outlive the hub.
  AccountHub(Loop& loop, ThreadPool& pool, Options options, MessageIndexer indexer);
  ~AccountHub();

  /// Opens the account's mailbox (or makes it). `quota` in bytes (0: none from now on; absent: as
  /// before); it stays open while someone holds it, and a while longer.
  Task<std::shared_ptr<Mailbox>> open(std::string account, std::optional<std::uint64_t> quota = {});
  /// Closes the account's database and removes its files for good. Sessions on it fail.
  Task<> purge(std::string account);
  /// Runs a session in this hub's group.
  void spawn(Task<> session);
  /// Ends the sessions, writes what waits, closes everything.
  Task<> close();
  Loop& loop() { return loop_; }

 private:
  Task<> close_idle();
  static bool is_idle(const std::shared_ptr<Mailbox>& mailbox);
  Task<> close_if_idle(std::string account);

  Loop& loop_;
  const Options options_;
  std::shared_ptr<MailboxSettings> settings_;
  TaskGroup sessions_;
  TaskGroup background_;
  Mutex opening_, maintaining_;
  bool sweeping_ = false;
  std::unordered_map<std::string, std::shared_ptr<Mailbox>> mailboxes_;
};

/// All workers' hubs: knows which loop owns an account. Filled before the loops run, then constant.
class Mailboxes {
 public:
  void add(AccountHub& hub);
  AccountHub& owner(const std::string& account) const;

  /// From any worker's loop: delivers on the owner's.
  Task<std::expected<std::optional<Appended>, StoreError>> deliver(
      std::string account, std::optional<std::uint64_t> quota, std::string key, std::string folder,
      NewMail mail) const;
  Task<> purge(std::string account) const;

  /// Continues a session on the loop that owns the account. The caller's coroutine ends after it.
  /// `serve` is called there and must return a coroutine that owns its state by value.
  void hand_over(const std::string& account, net::DetachedStream stream,
                 std::function<Task<>(net::Stream, AccountHub&)> serve) const;

 private:
  std::vector<AccountHub*> hubs_;
};

}  // namespace postern::mailbox
