// mailbox/store/database.h: SQLite as the store uses it: cached statements, rows, errors as
// IoError.
#pragma once

#include <sqlite3.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/error.h"

namespace postern::mailbox {

/// Octets, bound as a BLOB; a string_view is bound as TEXT.
struct Blob {
  std::string_view bytes;
};

class Database {
 public:
  enum class Access : std::uint8_t { write, read_only };
  Database(const std::string& path, Access access);

  /// The result of a statement, row by row; gives the statement back to the cache at its end.
  class Rows {
   public:
    Rows(Database& database, const char* sql, sqlite3_stmt* statement)
        : database_(&database), sql_(sql), statement_(statement) {}
    Rows(Rows&& other) noexcept
        : database_(other.database_),
          sql_(other.sql_),
          statement_(std::exchange(other.statement_, nullptr)) {}
    Rows& operator=(Rows&&) = delete;
    ~Rows();
    bool next();
    std::int64_t integer(int column = 0) const;
    std::string_view bytes(int column = 0) const;  // until the next call of next()

   private:
    Database* database_;
    const char* sql_;
    sqlite3_stmt* statement_;
  };

  /// `sql` must be a literal: its address is the key of the cache.
  template <class... Arguments>
  Rows query(const char* sql, const Arguments&... arguments) {
    sqlite3_stmt* const statement = take(sql);
    Rows rows(*this, sql, statement);
    int place = 0;
    (bind(statement, ++place, arguments), ...);
    return rows;
  }
  template <class... Arguments>
  void run(const char* sql, const Arguments&... arguments) {
    Rows rows = query(sql, arguments...);
    while (rows.next()) {
    }
  }
  /// The first column of the first row.
  template <class... Arguments>
  std::optional<std::int64_t> integer(const char* sql, const Arguments&... arguments) {
    Rows rows = query(sql, arguments...);
    if (!rows.next()) return std::nullopt;
    return rows.integer();
  }
  void script(const char* sql);  // statements without arguments
  std::int64_t last_id() const { return sqlite3_last_insert_rowid(connection_.get()); }
  std::int64_t changes() const { return sqlite3_changes64(connection_.get()); }
  bool in_transaction() const { return sqlite3_get_autocommit(connection_.get()) == 0; }

 private:
  struct Close {
    void operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

  sqlite3_stmt* take(const char* sql);
  void give_back(const char* sql, sqlite3_stmt* statement) noexcept;
  [[noreturn]] void fail(const char* doing) const;
  void check(int status) const {
    if (status != SQLITE_OK) fail("bind");
  }
  template <class T>
    requires std::integral<T> || std::is_enum_v<T>
  void bind(sqlite3_stmt* statement, int place, T value) {
    check(sqlite3_bind_int64(statement, place, static_cast<std::int64_t>(value)));
  }
  void bind(sqlite3_stmt* statement, int place, std::string_view text) {
    check(sqlite3_bind_text64(statement, place, text.data() == nullptr ? "" : text.data(),
                              text.size(), SQLITE_STATIC, SQLITE_UTF8));
  }
  void bind(sqlite3_stmt* statement, int place, const Blob& blob) {
    check(sqlite3_bind_blob64(statement, place,
                              blob.bytes.data() == nullptr ? "" : blob.bytes.data(),
                              blob.bytes.size(), SQLITE_STATIC));
  }

  std::unique_ptr<sqlite3, Close> connection_;
  std::unordered_map<const char*, Statement> idle_;  // dies before the connection
};

}  // namespace postern::mailbox
