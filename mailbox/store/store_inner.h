// mailbox/store/store_inner.h: what the files of MailboxStore share.
#pragma once

#include <algorithm>
#include <map>
#include <span>
#include <string>

#include "core/sqlite.h"
#include "mailbox/store/store.h"

namespace postern::mailbox {

inline constexpr std::size_t chunk_size = 256 * 1024;
inline constexpr std::int64_t chunks_per_content = std::int64_t{1}
                                                   << 24;  // a chunk's id is content * this + n

struct MailboxStore::Inner {
  Inner(const std::string& path, Mode mode, const MessageIndexer& message_indexer);

  Sqlite database;
  const MessageIndexer& indexer;
  std::map<FolderId, FolderChange>
      changes;                        // of committed transactions, and of the one that is open
  std::vector<std::string> keywords;  // by bit; read again when `keywords_known` is false
  bool keywords_known = false;
  std::size_t expunged_since_look = 0;  // rows, since forget_expunged looked at them

  bool has_refused = false;  // the work that was done last ended in a StoreError

  /// Runs `work` in a transaction of its own, or in the one that is open. One of its own is undone
  /// when `work` throws or ends in a StoreError; whoever opened the other sees to that himself.
  template <class F>
  auto atomically(F work) -> std::invoke_result_t<F> {
    if (database.in_transaction()) return watched(work);
    database.run("BEGIN IMMEDIATE");
    const std::map<FolderId, FolderChange> before = changes;
    try {
      if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
        work();
        database.run("COMMIT");
      } else {
        auto result = watched(work);
        if (has_refused) {
          roll_back(before);
        } else {
          database.run("COMMIT");
        }
        return result;
      }
    } catch (...) {
      roll_back(before);
      throw;
    }
  }
  template <class F>
  auto watched(F& work) -> std::invoke_result_t<F> {
    using Result = std::invoke_result_t<F>;
    if constexpr (requires(Result result) { result.error() == StoreError{}; }) {
      Result result = work();
      has_refused = !result.has_value();
      return result;
    } else {
      has_refused = false;
      return work();
    }
  }
  void roll_back(const std::map<FolderId, FolderChange>& before) noexcept;

  FolderChange& change(FolderId folder);
  std::int64_t counter(std::string_view key);
  void add_to_counter(std::string_view key, std::int64_t amount);

  std::uint32_t next_uid_validity();
  ModSeq next_modseq();
  /// Reserves `count` uids; gives the first.
  std::uint32_t take_uids(FolderId folder, std::size_t count);
  void raise_modseq(FolderId folder, ModSeq modseq);
  std::optional<FolderInfo> folder(std::string_view normal_name);
  std::optional<FolderInfo> folder(FolderId id);
  FolderInfo insert_folder(std::string_view name, SpecialUse use);
  bool can_rename_children(std::string_view first, std::string_view end, std::string_view target);
  void forget_expunged(std::size_t keep);

  std::vector<KeywordBits> keep_keywords(std::span<const NewMail> mails);
  std::expected<KeywordBits, StoreError> keywords_of(const FlagUpdate& update);
  ContentId store_content(std::string_view message, Seconds internal_date, Seconds& sent_date);
  void index_content(ContentId content);
  void remove_content(ContentId content);
  /// A content that no message has and nobody reads.
  std::optional<ContentId> dead_content(std::span<const ContentId> held);
  std::string load_content(ContentId content, std::uint64_t offset, std::uint64_t length);
  Appended insert_message(const FolderInfo& folder, const NewMail& mail, std::string_view message,
                          KeywordBits keyword_bits, ModSeq modseq);
  std::vector<MessageEntry> read_entries(Sqlite::Rows rows);
  std::vector<MessageEntry> find_entries(FolderId folder, std::span<const Uid> uids);
  /// Takes messages out of a folder. `release`: their contents lose an owner (not when they move).
  void remove(FolderId folder, std::span<const MessageEntry> entries, ModSeq modseq, bool release);
  std::vector<Uid> place(const FolderInfo& target, std::span<const MessageEntry> entries,
                         ModSeq modseq);
};

Seconds now_seconds();  ///< a stamp, by the system's clock: a thread of the pool has no loop

/// Whether one walk from the first to the last is cheaper than a search for each: clients mostly
/// ask for neighbours. Those that are not there cost nothing.
template <class Id>
bool are_neighbours(std::span<const Id> ids) {
  if (ids.size() < 2 || !std::ranges::is_sorted(ids)) return false;
  const auto span = static_cast<std::int64_t>(ids.back()) - static_cast<std::int64_t>(ids.front());
  return span < 4 * static_cast<std::int64_t>(ids.size());
}

/// Calls `read(first, last)` until all of `ids` (Uid or ContentId) lie in a range that was read.
template <class Id, class F>
void read_in_ranges(std::span<const Id> ids, F read) {
  if (are_neighbours(ids)) {
    read(ids.front(), ids.back());
  } else {
    for (const Id id : ids) read(id, id);
  }
}

}  // namespace postern::mailbox
