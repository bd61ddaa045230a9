// mailbox/store/store.h: one account's mailbox: a SQLite database of folders, messages and
// contents.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mailbox/store/types.h"

namespace postern::mailbox {

/// Blocking: call it in `offload`, from one thread at a time. Each method is one transaction unless
/// it runs inside `transact`. Throws IoError when the disk fails or is full.
class MailboxStore {
 public:
  static constexpr std::size_t expunged_kept = 10'000;
  enum class Mode : std::uint8_t { read_write, read_only };

  /// Opens the database; in `read_write` mode makes it, with INBOX and the special-use folders,
  /// when there is none. `indexer` outlives the store.
  MailboxStore(const std::string& path, Mode mode, const MessageIndexer& indexer);
  ~MailboxStore();
  MailboxStore(const MailboxStore&) = delete;
  MailboxStore& operator=(const MailboxStore&) = delete;

  /// Runs the jobs in one transaction: each succeeds or is undone on its own (also when the store
  /// refuses what it asks), all are durable when it returns. Gives each job's exception, or none.
  /// Throws when the commit itself fails.
  std::vector<std::exception_ptr> transact(
      std::span<const std::function<void(MailboxStore&)>> jobs);

  /// What the transactions since the last call did, folder by folder.
  std::vector<FolderChange> take_changes();

  // Folders ------------------------------------------------------------------------------------
  std::vector<FolderInfo> folders();  // ascending by name, INBOX first
  std::expected<FolderInfo, StoreError> find_folder(std::string_view name);
  std::optional<FolderInfo> special_folder(SpecialUse use);
  /// UIDVALIDITY, UIDNEXT and HIGHESTMODSEQ, without counting messages.
  std::expected<FolderStatus, StoreError> state(FolderId folder);
  std::expected<FolderStatus, StoreError> status(FolderId folder);
  /// Makes missing parents as well (RFC 3501 §6.3.3). One trailing '/' is dropped.
  std::expected<FolderInfo, StoreError> create_folder(std::string_view name,
                                                      SpecialUse use = SpecialUse::none);
  /// A folder with children loses its messages and becomes \Noselect (RFC 3501 §6.3.4).
  std::expected<void, StoreError> delete_folder(std::string_view name);
  /// Takes children along; of INBOX, moves the messages and leaves it empty (RFC 3501 §6.3.5).
  std::expected<void, StoreError> rename_folder(std::string_view from, std::string_view to);
  std::vector<std::string> subscriptions();
  std::expected<void, StoreError> subscribe(std::string_view name, bool subscribed);

  // Messages -----------------------------------------------------------------------------------
  std::vector<MessageEntry> entries(FolderId folder);  // ascending by uid
  std::vector<std::string> keyword_names();            // by bit
  /// Messages from this uid on are \Recent to the caller; the mark moves to UIDNEXT.
  Uid claim_recent(FolderId folder);
  std::expected<Appended, StoreError> append(FolderId folder, const NewMail& mail,
                                             std::optional<std::uint64_t> quota);
  /// All or none (RFC 3502): used for MULTIAPPEND and imports.
  std::expected<std::vector<Appended>, StoreError> append_all(FolderId folder,
                                                              std::span<const NewMail> mails,
                                                              std::optional<std::uint64_t> quota);
  /// Exactly once for a key: a repeat gives no value but succeeds. A folder that is missing is
  /// INBOX.
  std::expected<std::optional<Appended>, StoreError> deliver(std::string_view key,
                                                             std::string_view folder,
                                                             const NewMail& mail,
                                                             std::optional<std::uint64_t> quota);
  std::expected<Copied, StoreError> copy(FolderId from, std::span<const Uid> uids, FolderId to,
                                         std::optional<std::uint64_t> quota);
  std::expected<Copied, StoreError> move(FolderId from, std::span<const Uid> uids, FolderId to);
  std::expected<FlagsStored, StoreError> store_flags(FolderId folder, std::span<const Uid> uids,
                                                     const FlagUpdate& update);
  /// Removes those of `uids` that are \Deleted (`any`: flagged or not). Gives the removed,
  /// ascending.
  std::vector<Uid> expunge(FolderId folder, std::span<const Uid> uids, bool any = false);
  /// All that are \Deleted.
  std::vector<Uid> expunge_deleted(FolderId folder);
  /// Uids that vanished after `since` (RFC 7162 §3.2.5), ascending. When that is too long ago, all
  /// that are not there.
  std::vector<UidRange> vanished(FolderId folder, ModSeq since);

  // Contents -----------------------------------------------------------------------------------
  /// Octets [offset, offset + length) of a message, fewer at its end; none when it is gone.
  std::optional<std::string> content(FolderId folder, Uid uid, std::uint64_t offset = 0,
                                     std::uint64_t length = ~std::uint64_t{0});
  /// Octets [offset, offset + length) of a content that someone holds (see `maintain`), fewer at
  /// its end.
  std::string octets(ContentId content, std::uint64_t offset = 0,
                     std::uint64_t length = ~std::uint64_t{0});
  /// Whole messages. In the order of `uids`; those that are gone or above small_message are
  /// missing.
  std::vector<Octets> contents(FolderId folder, std::span<const Uid> uids);
  /// Ascending by content, each once; those that are gone are missing.
  std::vector<Metadata> metadata(std::vector<ContentId> contents, MetadataWanted wanted);

  /// Reads that `work` does see one state, and take the database's locks once.
  void at_one_moment(const std::function<void()>& work);

  // Search, without regard to case: each `needle` is folded (mailbox/store/search_text.h).
  /// Which contents may hold `needle` at all, by the trigram index; none: the index cannot say.
  std::optional<std::vector<ContentId>> probable_contents(SearchScope scope,
                                                          std::string_view needle);
  bool matches_text(ContentId content, SearchScope scope, std::string_view needle);
  /// `field` without colon; an empty needle matches when the field is there (RFC 3501 §6.4.4).
  bool matches_header(ContentId content, std::string_view field, std::string_view needle);

  // House-keeping ------------------------------------------------------------------------------
  void forget_deliveries(Seconds before);
  /// Keeps about `keep` rows of expunged messages in each folder.
  void forget_expunged(std::size_t keep = expunged_kept);
  QuotaUse usage();
  /// Some work that deliveries and expunges put off: text into the search index, dead contents out
  /// of the file, but for those in `held` (ascending), which are being read. True when there is
  /// more to do.
  bool maintain(std::span<const ContentId> held = {});
  /// A consistent copy into a new file (VACUUM INTO).
  void backup(const std::string& path);
  std::uint32_t last_uid_validity();

 private:
  std::vector<std::exception_ptr> transact_one(const std::function<void(MailboxStore&)>& job);
  struct Inner;
  std::unique_ptr<Inner> inner_;
};

}  // namespace postern::mailbox
