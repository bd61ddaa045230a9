// policy/sqlite.h: a SQLite connection for one thread at a time; what goes wrong is an IoError.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace postern::policy {

class Sqlite {
 public:
  /// Makes the file for its owner alone when it is missing; as root, for the owner of its folder.
  /// WAL, and on disk at each commit.
  explicit Sqlite(const std::filesystem::path& file);

  /// A statement with its arguments (integers, text, nullopt), to be stepped through.
  class Rows {
   public:
    bool next();
    std::int64_t integer(int column) const;
    std::string text(int column) const;
    bool is_null(int column) const;

   private:
    friend class Sqlite;
    Rows(Sqlite& owner, sqlite3* connection, sqlite3_stmt* statement)
        : statement_(statement, GiveBack{&owner}), connection_(connection) {}
    struct GiveBack {
      Sqlite* owner;
      void operator()(sqlite3_stmt* statement) const noexcept { owner->give_back(statement); }
    };
    std::unique_ptr<sqlite3_stmt, GiveBack> statement_;
    sqlite3* connection_;
  };
  template <class... Arguments>
  Rows query(std::string_view sql, const Arguments&... arguments) {
    Rows rows = prepare(sql);
    int place = 0;
    (bind(rows, ++place, arguments), ...);
    return rows;
  }
  /// Runs it to its end; gives the number of changed rows.
  template <class... Arguments>
  std::int64_t run(std::string_view sql, const Arguments&... arguments) {
    Rows rows = query(sql, arguments...);
    while (rows.next()) {
    }
    return sqlite3_changes64(connection_.get());
  }
  void script(const char* sql);

 private:
  struct Close {
    void operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
  Rows prepare(std::string_view sql);
  Statement compile(std::string_view sql);
  void give_back(sqlite3_stmt* statement) noexcept;
  void bind(Rows& rows, int place, std::int64_t value);
  void bind(Rows& rows, int place, std::string_view value);
  void bind(Rows& rows, int place, const std::string& value) {
    bind(rows, place, std::string_view(value));
  }
  void bind(Rows& rows, int place, const std::optional<std::int64_t>& value);

  std::unique_ptr<sqlite3, Close> connection_;
  std::unordered_map<std::string, Statement> idle_;  // by their text; die before the connection
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

}  // namespace postern::policy
