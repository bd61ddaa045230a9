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

/// Reads no table and no column that nobody wants.
std::string metadata_query(const MetadataWanted& wanted) {
  const bool wants_summaries = wanted.envelope || wanted.body_structure || wanted.body;
  std::string sql = "SELECT id";
  sql += wanted.header ? ", header" : ", NULL";
  sql += wanted.envelope ? ", envelope" : ", NULL";
  sql += wanted.body_structure ? ", body_structure" : ", NULL";
  sql += wanted.body ? ", body" : ", NULL";
  sql += wants_summaries ? " FROM summaries" : " FROM headers";
  if (wants_summaries && wanted.header) sql += " CROSS JOIN headers USING (id)";
  return sql + " WHERE id BETWEEN ? AND ? ORDER BY id";
}

Metadata metadata_of(const Sqlite::Rows& rows) {
  return {.content = rows.integer(0),
          .header = std::string(rows.bytes(1)),
          .envelope = std::string(rows.bytes(2)),
          .body_structure = std::string(rows.bytes(3)),
          .body = std::string(rows.bytes(4))};
}

}  // namespace

std::string MailboxStore::Inner::load_content(ContentId content, std::uint64_t offset,
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

std::string MailboxStore::octets(ContentId content, std::uint64_t offset, std::uint64_t length) {
  return inner_->load_content(content, offset, length);
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

std::vector<Metadata> MailboxStore::metadata(std::vector<ContentId> contents,
                                             MetadataWanted wanted) {
  std::ranges::sort(contents);
  const auto copies = std::ranges::unique(contents);
  contents.erase(copies.begin(), copies.end());
  const std::string sql = metadata_query(wanted);
  const Snapshot snapshot(inner_->database);
  std::vector<Metadata> found;
  found.reserve(contents.size());
  read_in_ranges(std::span<const ContentId>(contents), [&](ContentId first, ContentId last) {
    auto rows = inner_->database.query(sql, first, last);
    while (rows.next()) {
      const bool is_wanted = first == last || std::ranges::binary_search(contents, rows.integer(0));
      if (is_wanted) found.push_back(metadata_of(rows));
    }
  });
  return found;
}

}  // namespace postern::mailbox
