// mailbox/store/history.cc: which messages vanished since when, and what the store forgets in time.
#include "mailbox/store/store.h"
#include "mailbox/store/store_inner.h"

namespace postern::mailbox {

namespace {

// A row of `expunged` with this uid, which no message has, says that all up to its modseq is
// forgotten.
constexpr Uid forgotten{0};

void add_range(std::vector<UidRange>& ranges, std::uint32_t first, std::uint32_t last) {
  if (first > last) return;
  if (!ranges.empty() && static_cast<std::uint32_t>(ranges.back().last) + 1 == first) {
    ranges.back().last = Uid(last);
  } else {
    ranges.push_back({Uid(first), Uid(last)});
  }
}

/// The uids that were given out and are not there: all that can be said without a history
/// (RFC 7162 §3.2.5.2).
std::vector<UidRange> absent(Sqlite& database, FolderId folder) {
  std::vector<UidRange> ranges;
  std::uint32_t next = 1;
  auto rows = database.query("SELECT uid FROM messages WHERE folder = ? ORDER BY uid", folder);
  while (rows.next()) {
    const auto uid = static_cast<std::uint32_t>(rows.integer());
    add_range(ranges, next, uid - 1);
    next = uid + 1;
  }
  const auto end = database.integer("SELECT uid_next FROM folders WHERE id = ?", folder);
  add_range(ranges, next, static_cast<std::uint32_t>(end.value_or(1) - 1));
  return ranges;
}

}  // namespace

std::vector<UidRange> MailboxStore::vanished(FolderId folder, ModSeq since) {
  Sqlite& database = inner_->database;
  const auto known_from = database.integer(
      "SELECT modseq FROM expunged WHERE folder = ? AND uid = ?", folder, forgotten);
  if (known_from && since < static_cast<ModSeq>(*known_from)) return absent(database, folder);
  std::vector<UidRange> ranges;
  auto rows = database.query(
      "SELECT uid FROM expunged WHERE folder = ? AND modseq > ? AND uid <> ? ORDER BY uid", folder,
      since, forgotten);
  while (rows.next()) {
    const auto uid = static_cast<std::uint32_t>(rows.integer());
    add_range(ranges, uid, uid);
  }
  return ranges;
}

void MailboxStore::forget_expunged(std::size_t keep) {
  inner_->atomically([&] { inner_->forget_expunged(keep); });
}

void MailboxStore::Inner::forget_expunged(std::size_t keep) {
  expunged_since_look = 0;
  std::vector<FolderId> crowded;
  {
    auto rows =
        database.query("SELECT folder FROM expunged GROUP BY folder HAVING count(*) > ?", keep + 1);
    while (rows.next()) crowded.push_back(FolderId(rows.integer()));
  }
  for (const FolderId folder : crowded) {
    const auto last = database.integer(
        "SELECT modseq FROM expunged WHERE folder = ? ORDER BY modseq DESC LIMIT 1 OFFSET ?",
        folder, keep);
    if (!last) continue;
    database.run("DELETE FROM expunged WHERE folder = ? AND modseq <= ?", folder, *last);
    database.run("INSERT OR REPLACE INTO expunged VALUES (?, ?, ?)", folder, forgotten, *last);
  }
}

void MailboxStore::forget_deliveries(Seconds before) {
  inner_->atomically([&] { inner_->database.run("DELETE FROM delivered WHERE at < ?", before); });
}

}  // namespace postern::mailbox
