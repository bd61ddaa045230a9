// mailbox/store/reading.cc: the octets of messages, and what is kept ready beside them.
#include <algorithm>

#include "mailbox/store/store.h"
#include "mailbox/store/store_inner.h"

namespace postern::mailbox {

namespace {

/// Several reads in one transaction: they see one state, and the locks are taken once.
class Snapshot {
 public:
  explicit Snapshot(Sqlite& database) : database_(database.in_transaction() ? nullptr : &database) {
    if (database_ != nullptr) database_->run("BEGIN");
  }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot() {
    try {
      if (database_ != nullptr) database_->run("COMMIT");
    } catch (const IoError&) {  // nothing was written
    }
  }

 private:
  Sqlite* database_;
};

Metadata metadata_of(Uid uid, const Sqlite::Rows& rows) {
  return {.uid = uid,
          .header = std::string(rows.bytes(1)),
          .envelope = std::string(rows.bytes(2)),
          .body_structure = std::string(rows.bytes(3)),
          .body = std::string(rows.bytes(4))};
}

}  // namespace

bool are_neighbours(std::span<const Uid> uids) {
  if (uids.size() < 2 || !std::ranges::is_sorted(uids)) return false;
  const auto span =
      static_cast<std::uint32_t>(uids.back()) - static_cast<std::uint32_t>(uids.front());
  return span < 4 * uids.size();
}

std::string MailboxStore::Inner::load_content(std::int64_t content, std::uint64_t offset,
                                              std::uint64_t length) {
  const std::int64_t base = content * chunks_per_content;
  const std::uint64_t first = std::min<std::uint64_t>(offset / chunk_size, chunks_per_content - 1);
  std::uint64_t skip = offset - first * chunk_size;
  std::string bytes;
  auto rows = database.query("SELECT data FROM chunks WHERE id >= ? AND id < ? ORDER BY id",
                             base + static_cast<std::int64_t>(first), base + chunks_per_content);
  while (bytes.size() < length && rows.next()) {
    std::string_view chunk = rows.bytes();
    if (skip >= chunk.size()) return bytes;
    chunk.remove_prefix(skip);
    skip = 0;
    bytes.append(chunk.substr(0, length - bytes.size()));
  }
  return bytes;
}

std::optional<std::string> MailboxStore::content(FolderId folder, Uid uid, std::uint64_t offset,
                                                 std::uint64_t length) {
  const auto id = inner_->database.integer(
      "SELECT content FROM messages WHERE folder = ? AND uid = ?", folder, uid);
  if (!id) return std::nullopt;
  return inner_->load_content(*id, offset, length);
}

void MailboxStore::at_one_moment(const std::function<void()>& work) {
  const Snapshot snapshot(inner_->database);
  work();
}

// A small one is one chunk; the empty one has none.
std::vector<Octets> MailboxStore::contents(FolderId folder, std::span<const Uid> uids) {
  static_assert(chunks_per_content == 1 << 24 && small_message <= chunk_size);
  const Snapshot snapshot(inner_->database);
  std::vector<Octets> found;
  found.reserve(uids.size());
  read_in_ranges(uids, [&](Uid first, Uid last) {
    auto rows = inner_->database.query(
        "SELECT uid, data FROM messages LEFT JOIN chunks ON chunks.id = content << 24"
        " WHERE folder = ? AND uid BETWEEN ? AND ? AND size <= ? ORDER BY uid",
        folder, first, last, small_message);
    while (rows.next()) {
      const auto uid = Uid(rows.integer(0));
      const bool is_wanted = first == last || std::ranges::binary_search(uids, uid);
      if (is_wanted) found.push_back({uid, std::string(rows.bytes(1))});
    }
  });
  return found;
}

std::vector<Metadata> MailboxStore::metadata(FolderId folder, std::span<const Uid> uids,
                                             MetadataWanted wanted) {
  const Snapshot snapshot(inner_->database);
  std::vector<Metadata> found;
  found.reserve(uids.size());
  read_in_ranges(uids, [&](Uid first, Uid last) {
    auto rows = inner_->database.query(
        "SELECT uid, iif(?, header, x''), iif(?, envelope, x''), iif(?, body_structure, x''),"
        " iif(?, body, x'') FROM messages CROSS JOIN summaries ON summaries.id = content"
        " WHERE folder = ? AND uid BETWEEN ? AND ? ORDER BY uid",
        wanted.header, wanted.envelope, wanted.body_structure, wanted.body, folder, first, last);
    while (rows.next()) {
      const auto uid = Uid(rows.integer(0));
      const bool is_wanted = first == last || std::ranges::binary_search(uids, uid);
      if (is_wanted) found.push_back(metadata_of(uid, rows));
    }
  });
  return found;
}

}  // namespace postern::mailbox
