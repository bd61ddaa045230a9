// mailbox/store/mailbox.h: one account's mailbox, as coroutines: shared indexes, queued writes.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/async/sync.h"
#include "core/async/task.h"
#include "mailbox/store/folder_index.h"
#include "mailbox/store/store.h"

namespace postern::mailbox {

/// An account that is open. All calls on its loop. Writes wait in one queue and share transactions;
/// when one returns, it is on disk and the indexes know it.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  struct Settings;
  Mailbox(std::string account, std::shared_ptr<Settings> settings);
  ~Mailbox();

  const std::string& account() const { return account_; }
  void set_quota(std::optional<std::uint64_t> bytes) { quota_ = bytes; }

  Task<std::vector<FolderInfo>> folders();
  Task<std::expected<FolderInfo, StoreError>> find_folder(std::string name);
  Task<std::expected<FolderStatus, StoreError>> status(std::string name);
  Task<std::expected<FolderInfo, StoreError>> create_folder(std::string name,
                                                            SpecialUse use = SpecialUse::none);
  Task<std::expected<void, StoreError>> delete_folder(std::string name);
  Task<std::expected<void, StoreError>> rename_folder(std::string from, std::string to);
  Task<std::vector<std::string>> subscriptions();
  Task<std::expected<void, StoreError>> subscribe(std::string name, bool subscribed);

  /// The shared index of a folder; it stays open as long as someone holds it.
  Task<std::expected<std::shared_ptr<FolderIndex>, StoreError>> open_folder(std::string name);
  /// The account's keywords by bit. The reference is good until the next await.
  const std::vector<std::string>& keyword_names() const { return keyword_names_; }
  /// Another number whenever they have changed.
  std::uint64_t keywords_version() const { return keywords_version_; }
  Task<Uid> claim_recent(FolderId folder);

  Task<std::expected<Appended, StoreError>> append(std::string folder, NewMail mail);
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
  Task<std::expected<FlagsStored, StoreError>> store_flags(FolderId folder, std::vector<Uid> uids,
                                                           FlagUpdate update);
  Task<std::vector<Uid>> expunge(FolderId folder, std::vector<Uid> uids, bool any = false);
  Task<std::vector<Uid>> expunge_deleted(FolderId folder);
  Task<std::vector<UidRange>> vanished(FolderId folder, ModSeq since);

  Task<std::optional<std::string>> content(FolderId folder, Uid uid, std::uint64_t offset = 0,
                                           std::uint64_t length = ~std::uint64_t{0});
  /// Keeps the octets of a message of an open folder as long as the handle lives, also when it is
  /// moved or expunged meanwhile.
  [[nodiscard]] std::shared_ptr<void> hold(ContentId content);
  /// Of a content that is held: octets [offset, offset + length), fewer at its end.
  Task<std::string> octets(ContentId content, std::uint64_t offset, std::uint64_t length);
  /// Whole messages; those that are gone or above small_message are missing.
  Task<std::vector<Octets>> contents(FolderId folder, std::vector<Uid> uids);
  /// Runs `extract` over a whole content that is held, off the loop, such as to cut a MIME part out
  /// of it.
  Task<std::string> extract(ContentId content,
                            std::function<std::string(std::string_view)> extract);
  /// Ascending by content, each once; those that are gone are missing.
  Task<std::vector<Metadata>> metadata(std::vector<ContentId> contents, MetadataWanted wanted);

  /// Those of `candidates` (of the open folder) that hold `needle` (UTF-8), ascending. Sliced.
  Task<std::vector<Uid>> search_text(std::shared_ptr<FolderIndex> folder, SearchScope scope,
                                     std::string needle, std::vector<Uid> candidates);
  Task<std::vector<Uid>> search_header(std::shared_ptr<FolderIndex> folder, std::string field,
                                       std::string needle, std::vector<Uid> candidates);

  Task<QuotaUse> usage();
  /// A consistent copy of the mailbox in a new file.
  Task<> backup(std::string path);

  /// The one POP3 session that may hold the maildrop (RFC 1939 §4). None: someone else has it.
  /// Freed when the handle dies.
  std::shared_ptr<void> try_lock_maildrop();

 private:
  friend class AccountHub;
  struct Write;
  /// `committed` is called on the loop when the job is on disk, before the changes are published.
  template <class F>
  auto write(F job, std::function<void()> committed = {})
      -> Task<std::invoke_result_t<F, MailboxStore&>>;
  template <class F>
  auto read(F job) -> Task<std::invoke_result_t<F, MailboxStore&>>;
  struct Committed {
    std::vector<FolderChange> changes;
    std::optional<std::vector<std::string>> names;  // of keywords
  };
  static Task<> flush_writes(std::shared_ptr<Mailbox> self);
  static Committed commit(MailboxStore& store, std::span<const std::shared_ptr<Write>> batch);
  Task<> open_stores(std::chrono::seconds remember_deliveries);
  Task<> close_stores();
  template <class Match>
  Task<std::vector<Uid>> search(std::shared_ptr<FolderIndex> folder, std::vector<Uid> candidates,
                                SearchScope scope, std::string needle, Match match);
  Task<std::vector<Uid>> search_nothing(std::vector<Uid> candidates);
  void take_keywords(std::vector<std::string> names);
  void publish(std::vector<FolderChange> changes);
  std::shared_ptr<FolderIndex> opened(FolderId folder) const;
  std::shared_ptr<FolderIndex> keep(std::shared_ptr<FolderIndex> folder);
  void abandon_folders();
  void run_maintenance();
  static Task<> maintain(std::shared_ptr<Mailbox> self);
  Task<> wait_until_quiet(std::chrono::steady_clock::time_point latest);
  Task<bool> maintain_a_slice();

  const std::string account_;
  std::shared_ptr<Settings> settings_;
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
  std::vector<std::string> keyword_names_;
  std::uint64_t keywords_version_ = 1;
  std::weak_ptr<void> maildrop_lock_;
  std::multiset<ContentId> held_;
  bool may_hold_dead_ = false;  // the maintenance passed over what was held
};

}  // namespace postern::mailbox
