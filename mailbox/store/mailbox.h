// mailbox/store/mailbox.h: one account's mailbox, as coroutines: shared indexes, queued writes.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/async/offload.h"
#include "core/async/sync.h"
#include "core/async/task.h"
#include "mailbox/store/folder_index.h"
#include "mailbox/store/folder_watchers.h"
#include "mailbox/store/store.h"

namespace postern::mailbox {

struct MailboxSettings;  // mailbox_settings.h

/// An account that is open, made by its AccountHub alone. All calls on the account's loop; what
/// they ask of the disk runs in the store's pool, and they are resumed on the loop.
///
/// Errors: what the account may not have is a StoreError. IoError when the disk fails or is full,
/// when the mailbox was closed or purged meanwhile, or when too much waits for it. Cancelled when
/// the caller's scope ends; a write that was queued by then is done all the same.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  Mailbox(std::string account, std::shared_ptr<MailboxSettings> settings);
  ~Mailbox();

  const std::string& account() const { return account_; }
  /// Bytes of messages; none: no limit. For the writes that are asked for from now on.
  void set_quota(std::optional<std::uint64_t> bytes) { quota_ = bytes; }

  /// Asks the store something that changes nothing:
  /// `co_await mailbox.read(&MailboxStore::vanished, folder, since)`, or with a function that takes
  /// the store. One read of an account at a time, on a connection of its own, beside the writes. It
  /// sees what is committed; what does not fit one slice of time is several reads.
  template <class F, class... Args>
  auto read(F job, Args... args) -> Task<std::invoke_result_t<F, MailboxStore&, Args...>> {
    const Mutex::Guard turn = co_await reading_.lock();
    check_open();
    co_return co_await offload(pool(),
                               [&] { return std::invoke(job, *reader_, std::move(args)...); });
  }

  /// Changes the store: `co_await mailbox.write(&MailboxStore::delete_folder, name)`. Writes wait
  /// in one queue, in order, and share transactions. Each is done or undone on its own, also when
  /// it ends in a StoreError. When it returns, it is on disk, the indexes know it, and the watchers
  /// were told.
  template <class F, class... Args>
  auto write(F job, Args... args) -> Task<std::invoke_result_t<F, MailboxStore&, Args...>> {
    return write_then({}, std::move(job), std::move(args)...);
  }

  /// The shared index of a folder; it stays open as long as someone holds it. Refused with
  /// no_such_folder, also when it is \Noselect.
  Task<std::expected<std::shared_ptr<FolderIndex>, StoreError>> open_folder(std::string name);
  /// As the store's, of a folder that can be selected, by its name.
  Task<std::expected<FolderStatus, StoreError>> status(std::string name);

  /// Tells of each committed change to `folder` (none: to any folder of the account), whether
  /// someone has it open or not, until the handle dies. No index is read for it. The mailbox stays
  /// open only as long as someone holds it.
  [[nodiscard]] std::shared_ptr<void> watch(std::optional<FolderId> folder, FolderWatcher watcher);

  /// The account's keywords by bit. The reference is good until the next await.
  const std::vector<std::string>& keyword_names() const { return keyword_names_; }
  /// Another number whenever they have changed.
  std::uint64_t keywords_version() const { return keywords_version_; }

  // Writes that heed the quota, or name the folder they write to: it is found in their transaction.
  /// All or none (RFC 3502).
  Task<std::expected<std::vector<Appended>, StoreError>> append_all(std::string folder,
                                                                    std::vector<NewMail> mails);
  /// Exactly once for a key ("queueid.index"); no value: it was there already.
  Task<std::expected<std::optional<Appended>, StoreError>> deliver(std::string key,
                                                                   std::string folder,
                                                                   NewMail mail);
  Task<std::expected<Copied, StoreError>> copy(FolderId from, std::vector<Uid> uids,
                                               std::string to);
  Task<std::expected<Copied, StoreError>> move(FolderId from, std::vector<Uid> uids,
                                               std::string to);
  /// With the account's limit.
  Task<QuotaUse> usage();

  /// Keeps the octets of a message of an open folder as long as the handle lives, also when it is
  /// moved or expunged meanwhile.
  [[nodiscard]] std::shared_ptr<void> hold(ContentId content);

  /// Those of `candidates` (of the open folder) that hold `needle` (UTF-8), ascending. In slices,
  /// so that other reads of the account come between.
  Task<std::vector<Uid>> search_text(std::shared_ptr<FolderIndex> folder, SearchScope scope,
                                     std::string needle, std::vector<Uid> candidates);
  /// `field` without colon; an empty needle matches when the field is there (RFC 3501 §6.4.4).
  Task<std::vector<Uid>> search_header(std::shared_ptr<FolderIndex> folder, std::string field,
                                       std::string needle, std::vector<Uid> candidates);

  /// The one POP3 session that may hold the maildrop (RFC 1939 §4). None: someone else has it.
  /// Freed when the handle dies.
  std::shared_ptr<void> try_lock_maildrop();

 private:
  friend class AccountHub;
  /// One job in the queue of writes. Shared, for the one who waits may be cancelled.
  struct Write {
    std::function<void(MailboxStore&)> job;
    std::function<void()> committed;
    std::exception_ptr failure;
    Event done;
  };
  struct Committed {
    std::vector<FolderChange> changes;
    std::optional<std::vector<std::string>> names;  // of keywords
  };
  /// `committed` is called on the loop when the job is on disk, before the changes are published.
  template <class F, class... Args>
  auto write_then(std::function<void()> committed, F job, Args... args)
      -> Task<std::invoke_result_t<F, MailboxStore&, Args...>>;
  std::shared_ptr<Write> enqueue(std::function<void(MailboxStore&)> job,
                                 std::function<void()> committed);
  void check_open() const;
  ThreadPool& pool() const;
  static Task<> flush_writes(std::shared_ptr<Mailbox> self);
  static Committed commit(MailboxStore& store, std::span<const std::shared_ptr<Write>> batch);
  void finish(std::span<const std::shared_ptr<Write>> batch, Committed committed,
              std::exception_ptr failure);
  void give_up_waiting();
  Task<> open_stores(std::chrono::seconds remember_deliveries);
  Task<> close_stores();
  template <class Match>
  Task<std::vector<Uid>> search(std::shared_ptr<FolderIndex> folder, std::vector<Uid> candidates,
                                SearchScope scope, std::string needle, Match match);
  Task<std::vector<Uid>> search_nothing(std::vector<Uid> candidates);
  void take_keywords(std::vector<std::string> names);
  void publish(std::vector<FolderChange> changes);
  void apply(const FolderChange& change);
  std::shared_ptr<FolderIndex> opened(FolderId folder) const;
  std::shared_ptr<FolderIndex> keep(std::shared_ptr<FolderIndex> folder);
  void abandon_folders();
  void run_maintenance();
  static Task<> maintain(std::shared_ptr<Mailbox> self);
  Task<> wait_until_quiet(std::chrono::steady_clock::time_point latest);
  Task<bool> maintain_a_slice();

  const std::string account_;
  std::shared_ptr<MailboxSettings> settings_;
  std::optional<std::uint64_t> quota_;
  std::unique_ptr<MailboxStore> writer_, reader_;
  Mutex reading_;
  std::vector<std::shared_ptr<Write>> waiting_;
  bool writing_ = false;
  bool maintaining_ = false;
  bool closing_ = false;
  Event settled_;  // no write is on its way
  std::chrono::steady_clock::time_point last_used_{}, last_write_{};
  std::unordered_map<FolderId, std::weak_ptr<FolderIndex>> open_folders_;
  std::shared_ptr<FolderIndex> last_folder_;  // that was opened
  FolderWatchers watchers_;
  std::vector<std::string> keyword_names_;
  std::uint64_t keywords_version_ = 1;
  std::weak_ptr<void> maildrop_lock_;
  std::multiset<ContentId> held_;
  bool may_hold_dead_ = false;  // the maintenance passed over what was held
};

template <class F, class... Args>
auto Mailbox::write_then(std::function<void()> committed, F job, Args... args)
    -> Task<std::invoke_result_t<F, MailboxStore&, Args...>> {
  using Result = std::invoke_result_t<F, MailboxStore&, Args...>;
  const auto result = std::make_shared<std::optional<Result>>();
  const auto entry = enqueue(
      [result, job = std::move(job), ... args = std::move(args)](MailboxStore& store) mutable {
        result->emplace(std::invoke(job, store, std::move(args)...));
      },
      std::move(committed));
  co_await entry->done.wait();
  if (entry->failure) std::rethrow_exception(entry->failure);
  co_return std::move(**result);
}

}  // namespace postern::mailbox
