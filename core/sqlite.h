// core/sqlite.h: a SQLite database: statements that are compiled once, rows, and transactions.
#pragma once

#include <sqlite3.h>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/error.h"

namespace postern {

/// Octets, bound as a BLOB without a copy: they must outlive the rows. Text is bound as a copy.
struct Blob {
  std::string_view bytes;
};

/// A connection for one thread at a time. Whatever goes wrong is an IoError.
class Sqlite {
 public:
  enum class Access : std::uint8_t { create, write, read_only };

  /// `name` begins the text of errors.
  Sqlite(std::string name, const std::string& path, Access access);
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;

  /// The result of a statement, row by row; gives the statement back to the cache at its end.
  class Rows {
   public:
    Rows(Sqlite& database, sqlite3_stmt* statement) : database_(&database), statement_(statement) {}
    Rows(Rows&& other) noexcept
        : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}
    Rows& operator=(Rows&&) = delete;
    ~Rows();
    bool next();
    std::int64_t integer(int column = 0) const;
    std::string_view bytes(int column = 0) const;  ///< until the next call of next()
    std::string text(int column = 0) const { return std::string(bytes(column)); }
    bool is_null(int column = 0) const;

   private:
    Sqlite* database_;
    sqlite3_stmt* statement_;
  };

  /// Arguments are integers, enumerations, text, a Blob, or an integer that may be absent (NULL).
  template <class... Arguments>
  Rows query(std::string_view sql, const Arguments&... arguments) {
    sqlite3_stmt* const statement = take(sql);
    Rows rows(*this, statement);
    int place = 0;
    (bind(statement, ++place, arguments), ...);
    return rows;
  }
  /// Runs it to its end; gives the number of changed rows.
  template <class... Arguments>
  std::int64_t run(std::string_view sql, const Arguments&... arguments) {
    Rows rows = query(sql, arguments...);
    while (rows.next()) {
    }
    return changes();
  }
  /// The first column of the first row.
  template <class... Arguments>
  std::optional<std::int64_t> integer(std::string_view sql, const Arguments&... arguments) {
    Rows rows = query(sql, arguments...);
    if (!rows.next()) return std::nullopt;
    return rows.integer();
  }
  void script(const char* sql);  ///< statements without arguments
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
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  sqlite3_stmt* take(std::string_view sql);
  void give_back(sqlite3_stmt* statement) noexcept;
  [[noreturn]] void fail(const char* doing) const;
  void check(int status) const {
    if (status != SQLITE_OK) fail("bind");
  }
  template <class T>
    requires std::integral<T> || std::is_enum_v<T>
  void bind(sqlite3_stmt* statement, int place, T value) {
    check(sqlite3_bind_int64(statement, place, static_cast<std::int64_t>(value)));
  }
  void bind(sqlite3_stmt* statement, int place, std::string_view text);
  void bind(sqlite3_stmt* statement, int place, const Blob& blob);
  void bind(sqlite3_stmt* statement, int place, const std::optional<std::int64_t>& value);

  std::string name_;
  std::unique_ptr<sqlite3, Close> connection_;
  /// By their text; die before the connection.
  std::unordered_map<std::string, Statement, TextHash, std::equal_to<>> idle_;
};

/// Everything until commit(), or nothing.
class Transaction {
 public:
  explicit Transaction(Sqlite& database) : database_(database) {
    database_.script("BEGIN IMMEDIATE");
  }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Sqlite& database_;
  bool is_done_ = false;
};

}  // namespace postern
